import { write as fsWrite } from 'node:fs';
import { promisify } from 'node:util';
import { GroupWriter, writeFully } from '@sluice/plugin';

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

/** All plugins of the process share the one standard output, so that their lines do not mix. */
export const standardOutputWriter = new GroupWriter((chunks) =>
  writeFully(writeToStandardOutput, chunks),
);
