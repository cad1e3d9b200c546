import { write as fsWrite } from 'node:fs';
import { promisify } from 'node:util';
import { defineSection, type ConfigElement } from '@sluice/config';
import type { EventStream } from '@sluice/event-stream';
import { createInjector, formatSections, type Injector } from '@sluice/formats';
import {
  defineOutput,
  formatterOf,
  GroupWriter,
  Output,
  writeFully,
  type Formatter,
  type OutputContext,
} from '@sluice/plugin';

const writeTo = promisify(fsWrite);
const standardOutput = 1;
/** How long to wait for a reader of a full, non-blocking pipe, in milliseconds. */
const fullPipeDelay = 5;

// Not process.stdout.write: on a pipe that blocks the event loop until the reader has taken it.
async function writeToStandardOutput([bytes]: Buffer[]): Promise<{ bytesWritten: number }> {
  for (;;) {
    try {
      return { bytesWritten: (await writeTo(standardOutput, bytes)).bytesWritten };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await new Promise((resolve) => setTimeout(resolve, fullPipeDelay));
    }
  }
}

// All outputs of the process share the one standard output, so their lines must not mix.
const writer = new GroupWriter((chunks) => writeFully(writeToStandardOutput, chunks));

class StdoutOutput extends Output {
  readonly #formatter: Formatter;
  readonly #injector: Injector | undefined;

  constructor(context: OutputContext, element: ConfigElement) {
    super(context);
    this.#formatter = formatterOf(context, element, 'stdout');
    this.#injector = createInjector(element, this.workerId, context.log);
  }

  write(tag: string, stream: EventStream): Promise<void> {
    const events = this.#injector?.apply(tag, stream) ?? stream;
    return writer.write(this.#formatter.format(tag, events));
  }

  override shutdown(): Promise<void> {
    return writer.idle();
  }
}

const description = 'Writes each event to standard output; as a line of time, tag and JSON.';

/** `@type stdout`. Fluentd: `out_stdout`, with the same line. */
export const stdoutOutput = defineOutput({
  type: 'stdout',
  description,
  section: defineSection({
    name: 'match',
    description,
    sections: formatSections,
  }),
  oldParameters: { format: true, inject: true },
  create: (_config, context, element) => new StdoutOutput(context, element),
});
