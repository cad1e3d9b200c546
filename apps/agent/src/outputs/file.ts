import path from 'node:path';
import { defineSection, t, type SectionOf } from '@sluice/config';
import type { EventStream } from '@sluice/event-stream';
import { defineOutput, Output, type OutputContext } from '@sluice/plugin';
import { AppendFile } from './append-file.js';

const section = defineSection({
  name: 'match',
  description: 'Appends each record as a line of JSON to a file.',
  params: {
    path: t
      .string()
      .refine((value) => value !== '', 'must not be empty')
      .describe('The file; ".log" is added to a name without an extension'),
    append: t
      .bool()
      .default(true)
      .describe('Always true here: a file grows, also over restarts. Fluentd: false'),
    fsync: t.bool().default(false).describe('Acknowledge only what is on the disk'),
  },
  check: (value, context) => {
    if (!value.append) {
      throw context.error('append', 'append false is not supported', 'the file always grows');
    }
  },
});

class FileOutput extends Output {
  readonly #file: AppendFile;

  constructor(context: OutputContext, config: SectionOf<typeof section>) {
    super(context);
    const name = path.extname(config.path) === '' ? `${config.path}.log` : config.path;
    this.#file = new AppendFile(path.resolve(name), { fsync: config.fsync });
  }

  override start(): Promise<void> {
    return this.#file.open();
  }

  write(_tag: string, stream: EventStream): Promise<void> {
    return this.#file.append(stream.toJsonLines());
  }

  override close(): Promise<void> {
    return this.#file.close();
  }
}

/** `@type file`. Fluentd: `out_file`. */
export const fileOutput = defineOutput({
  type: 'file',
  description: 'Appends each record as a line of JSON to a file.',
  section,
  create: (config, context) => new FileOutput(context, config),
});
