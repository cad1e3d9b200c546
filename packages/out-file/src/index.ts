export { fileOutput, FileOverflowError } from './file-output.js';
