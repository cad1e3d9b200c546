export { chunkStoreChecks } from './chunk-store-checks.js';
export type { ChunkStoreCheck, StoreMaker } from './chunk-store-checks.js';
