export { httpOutput } from './definition.js';
