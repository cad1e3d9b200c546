import { parseConfig } from '@sluice/config';
import type { ChunkStoreDefinition } from '@sluice/plugin';
import { silentLogger } from '@sluice/server';
import { describe, test } from 'vitest';
import { fileStore, memoryStore } from '../src/index.js';
import { chunkStoreChecks, type StoreMaker } from '../src/testing/index.js';
import { temporaryFolder } from './support/behaviour.js';

function maker(definition: ChunkStoreDefinition, text: string): StoreMaker {
  const element = parseConfig(`<buffer>\n${text}\n</buffer>`).elements[0];
  const context = { id: 'test', log: silentLogger };
  return () => definition.create(definition.section.read(element), context, element);
}

describe.each([
  ['memory', memoryStore, () => ''],
  ['file', fileStore, () => `path ${temporaryFolder()}`],
  ['file with gzip', fileStore, () => `path ${temporaryFolder()}\ncompress gzip`],
  ['file, synced from time to time', fileStore, () => `path ${temporaryFolder()}\nfsync interval`],
])('%s', (_name, definition, text) => {
  for (const { name, run } of chunkStoreChecks) test(name, () => run(maker(definition, text())));
});
