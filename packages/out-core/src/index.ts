export { copyOutput } from './copy.js';
export { nullOutput } from './null.js';
export { relabelOutput } from './relabel.js';
export { stdoutOutput } from './stdout.js';
