export { parserFilter } from './parser-filter.js';
