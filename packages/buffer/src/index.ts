export { BufferedOutput, BufferOverflowError } from './buffered-output.js';
export { bufferSection } from './buffer-section.js';
export type { BufferConfig } from './buffer-section.js';
