import { write as fsWrite } from 'node:fs';
import { promisify } from 'node:util';
import { defineSection } from '@sluice/config';
import type { EventStream } from '@sluice/event-stream';
import { defineOutput, Output } from '@sluice/plugin';
import { formatNanoseconds } from '../local-time.js';
import { GroupWriter } from './group-writer.js';
import { writeFully } from './write-fully.js';

const writeTo = promisify(fsWrite);
const standardOutput = 1;
/** How long to wait for a reader of a full, non-blocking pipe, in milliseconds. */
const fullPipeDelay = 5;

// Not process.stdout.write: on a pipe that blocks the event loop until the reader has taken it.
async function writeToStandardOutput(chunks: Buffer[]): Promise<{ bytesWritten: number }> {
  const bytes = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
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
  write(tag: string, stream: EventStream): Promise<void> {
    const lines = stream.toJsonLines({
      prefix: (seconds, nanoseconds) => `${formatNanoseconds(seconds, nanoseconds)} ${tag}: `,
    });
    return writer.write(lines);
  }

  override shutdown(): Promise<void> {
    return writer.idle();
  }
}

const description = 'Writes a line for each event to standard output: time, tag and JSON.';

/** `@type stdout`. Fluentd: `out_stdout`, with the same line. */
export const stdoutOutput = defineOutput({
  type: 'stdout',
  description,
  section: defineSection({ name: 'match', description }),
  create: (_config, context) => new StdoutOutput(context),
});
