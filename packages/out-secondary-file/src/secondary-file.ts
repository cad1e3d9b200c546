import { mkdir, open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { ConfigElement } from '@sluice/config';
import type { EventStream } from '@sluice/event-stream';
import {
  defineOutput,
  Output,
  UnrecoverableError,
  type ChunkInfo,
  type PluginContext,
  type PluginStatistics,
} from '@sluice/plugin';
import { NameTemplate, PlaceholderError, StrftimeError } from './name-template.js';
import { secondaryFileSection, type SecondaryFileConfig } from './section.js';

const gzip = promisify(zlib.gzip);

class SecondaryFileOutput extends Output {
  readonly #config: SecondaryFileConfig;
  readonly #name: NameTemplate;
  #chunks = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(context: PluginContext, config: SecondaryFileConfig, element: ConfigElement) {
    super(context);
    this.#config = config;
    try {
      this.#name = new NameTemplate(path.join(path.resolve(config.directory), config.basename));
    } catch (error) {
      if (!(error instanceof StrftimeError)) throw error;
      throw element.error(error.message, {
        param: 'basename',
        hint: 'for a percent sign write %%',
      });
    }
  }

  /** Resolves when the file is on the disk. */
  async write(tag: string, stream: EventStream, chunk?: ChunkInfo): Promise<void> {
    const file = this.#fileOf(tag, chunk);
    const packed = this.#config.compress === 'text' ? stream.bytes : await gzip(stream.bytes);
    // One after another: two that append to one file must not mix, nor take back each other's bytes.
    const before = this.#last;
    const done = (async () => {
      await before.catch(() => undefined);
      await this.#store(file, packed);
    })();
    this.#last = done;
    await done;
    this.#chunks += 1;
  }

  override statistics(): PluginStatistics {
    return { counters: { written_chunks: this.#chunks } };
  }

  #fileOf(tag: string, chunk: ChunkInfo | undefined): string {
    try {
      return this.#name.fill(tag, chunk, Date.now() / 1000);
    } catch (error) {
      if (error instanceof PlaceholderError) {
        throw new UnrecoverableError(error.message, { cause: error });
      }
      throw error;
    }
  }

  async #store(file: string, bytes: Buffer): Promise<void> {
    await mkdir(path.dirname(file), { recursive: true });
    const handle = await this.#open(file);
    try {
      const { size } = await handle.stat();
      try {
        await handle.writeFile(bytes);
        await handle.datasync();
      } catch (error) {
        await handle.truncate(size).catch(() => undefined);
        throw error;
      }
    } finally {
      await handle.close();
    }
  }

  /** The file that grows, or the first one whose number is free. */
  async #open(file: string): Promise<FileHandle> {
    const { append, compress } = this.#config;
    const suffix = compress === 'text' ? '' : '.gz';
    if (append) return open(`${file}${suffix}`, 'a');
    for (let number = 0; ; number += 1) {
      try {
        return await open(`${file}.${number}${suffix}`, 'wx');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  }
}

/** `<secondary>` with `@type secondary_file`. Fluentd: `out_secondary_file`. */
export const secondaryFileOutput = defineOutput({
  type: 'secondary_file',
  description: 'Writes chunks that an output did not take into files, as MessagePack.',
  section: secondaryFileSection,
  create: (config, context, element) => new SecondaryFileOutput(context, config, element),
});
