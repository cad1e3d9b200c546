import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { parseConfig } from '@sluice/config';
import { silentLogger } from '@sluice/server';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fileSingleStore, fileStore, memoryStore } from '../src/index.js';
import { temporaryFolder } from './support/behaviour.js';
import { events } from './support/buffered.js';

const hasZstd = 'zstdCompress' in zlib;
const many = Array.from({ length: 1000 }, (_, n) => n);

function storeOf(definition: typeof fileStore, text: string) {
  const element = parseConfig(`<buffer>\n${text}\n</buffer>`).elements[0];
  const context = { id: 'test', log: silentLogger };
  return definition.create(definition.section.read(element), context, element);
}

describe.each(hasZstd ? ['gzip', 'zstd'] : ['gzip'])('compress %s', (compress) => {
  test.each([fileStore, fileSingleStore])('$type: files are smaller', async (definition) => {
    const folder = temporaryFolder();
    const store = storeOf(definition, `path ${folder}\ncompress ${compress}`);
    await store.start();
    onTestFinished(() => store.close());
    const chunk = store.create({ tag: 'a' });
    await chunk.append(events(...many));
    await chunk.append(events(1)); // nothing is to be gained here
    await chunk.seal();
    const own = path.join(folder, 'worker0');
    const [file] = readdirSync(own).filter((name) => name.endsWith('.log'));
    expect(readFileSync(path.join(own, file)).length).toBeLessThan(chunk.bytes / 2);
    const read = await chunk.read();
    expect([...read].map(({ record }) => record.n)).toEqual([...many, 1]);
  });

  test('memory: chunks that wait are compressed, and read as often as they are asked', async () => {
    const chunk = storeOf(memoryStore, `compress ${compress}`).create({ tag: 'a' });
    await chunk.append(events(...many));
    const { bytes } = chunk;
    await chunk.seal();
    expect(chunk.bytes).toBe(bytes);
    for (const round of [1, 2]) {
      const read = await chunk.read();
      expect([round, ...[...read].map(({ record }) => record.n)]).toEqual([round, ...many]);
    }
  });
});

test.skipIf(hasZstd)('zstd where Node.js has none is an error that says so', () => {
  for (const definition of [fileStore, memoryStore]) {
    expect(() => storeOf(definition, 'path /tmp/x\ncompress zstd')).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/compress zstd: Node.js .* has no zstd/) as string,
        line: 3,
      }),
    );
  }
});
