export { BufferedOutput } from './buffered-output.js';
export type { BufferedOutputOptions } from './buffered-output.js';
export { bufferSection } from './buffer-section.js';
export type { BufferConfig } from './buffer-section.js';
export { BufferClosedError, BufferOverflowError } from './errors.js';
export { memoryStore } from './memory-store.js';
export { BufferPathError, fileSingleStore, fileStore } from './file/file-store.js';
export { readWaitingChunk, waitingChunks } from './file/waiting-chunks.js';
export type {
  ChunkContents,
  UnreadableChunk,
  WaitingChunk,
  WaitingChunks,
} from './file/waiting-chunks.js';
export { ChunkFormatError } from './chunk-format.js';
