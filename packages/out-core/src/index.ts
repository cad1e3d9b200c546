export { copyOutput } from './copy.js';
export { nullOutput } from './null.js';
export { relabelOutput } from './relabel.js';
export { roundrobinOutput } from './roundrobin.js';
export { stdoutFilter } from './stdout-filter.js';
export { stdoutOutput } from './stdout.js';
