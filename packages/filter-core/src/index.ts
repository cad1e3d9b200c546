export { grepFilter } from './grep.js';
export { recordTransformerFilter } from './record-transformer.js';
