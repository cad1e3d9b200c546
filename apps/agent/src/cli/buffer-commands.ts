import {
  ChunkFormatError,
  readWaitingChunk,
  waitingChunks,
  type ChunkContents,
  type UnreadableChunk,
  type WaitingChunk,
} from '@sluice/buffer';
import { chunkHeading, chunkJson, chunkTable, eventLines } from '@sluice/cli-tools';
import { parseFlags, UsageError } from '@sluice/cli-tools/command-line';
import { complain } from '../complain.js';
import { bufferExportFlags, bufferListFlags, bufferShowFlags } from './commands.js';

/**
 * `sluice buffer list PATH`: the chunks that wait in the files of a buffer, also while the agent runs.
 *
 * @returns the exit code of all three: 1 where the buffer is unknown, or something in it is damaged
 */
export async function listBuffer(args: string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, bufferListFlags);
  return withChunks(positionals, undefined, async (chunks) => {
    await write(values.json === true ? chunkJson(chunks) : chunkTable(chunks));
    return true;
  });
}

/** `sluice buffer show PATH`: chunk by chunk, with the first events. */
export async function showBuffer(args: string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, bufferShowFlags);
  const { chunk, events = '10' } = values;
  const most = Number(events);
  if (!Number.isInteger(most) || most < 0) {
    throw new UsageError(`--events is a whole number, not "${events}"`);
  }
  return withChunks(positionals, chunk, (chunks) => printAll('show', chunks, most));
}

/** `sluice buffer export PATH`: every event as a line of JSON. Fluentd: `fluent-binlog-reader`. */
export async function exportBuffer(args: string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, bufferExportFlags);
  return withChunks(positionals, values.chunk, (chunks) => printAll('export', chunks, 0));
}

/** @param print returns whether all of it is whole */
async function withChunks(
  [where, extra]: readonly (string | undefined)[],
  wanted: string | undefined,
  print: (chunks: readonly WaitingChunk[]) => Promise<boolean>,
): Promise<number> {
  if (where === undefined) throw new UsageError('the path of a buffer is needed');
  if (extra !== undefined) throw new UsageError(`"${extra}" is one argument too many`);
  // A reader that has seen enough, such as head, closes the pipe.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  let found: ReturnType<typeof waitingChunks>;
  try {
    found = waitingChunks(where);
  } catch (error) {
    complain(`sluice: ${(error as Error).message}`);
    return 1;
  }
  const chunks = found.chunks.filter(({ id }) => id.startsWith(wanted ?? ''));
  if (wanted !== undefined && chunks.length === 0) {
    complain(`sluice: no chunk in ${where} has the id ${wanted}`);
    return 1;
  }
  const damaged = tellUnreadable(found.unreadable);
  return (await print(chunks)) && !damaged ? 0 : 1;
}

async function printAll(
  verb: 'show' | 'export',
  chunks: readonly WaitingChunk[],
  most: number,
): Promise<boolean> {
  let whole = true;
  for (const chunk of chunks) whole = (await print(verb, chunk, most)) && whole;
  return whole;
}

/** @returns whether all of it is whole */
async function print(verb: 'show' | 'export', chunk: WaitingChunk, most: number): Promise<boolean> {
  let contents: ChunkContents | undefined;
  try {
    contents = await readWaitingChunk(chunk.file);
  } catch (error) {
    if (!(error instanceof ChunkFormatError)) throw error;
    return !tellUnreadable([{ file: chunk.file, reason: error.message }]);
  }
  if (contents === undefined) return true; // the agent has written it meanwhile
  const { stream, damagedBytes, tornBytes } = contents;
  const { tag } = chunk.metadata;
  if (verb === 'export') {
    await write(eventLines(tag, stream));
  } else {
    await write(chunkHeading(chunk, contents));
    let left = most;
    await write(
      eventLines(
        tag,
        stream.filter(() => left-- > 0),
      ),
    );
    if (stream.count > most) await write(`… and ${stream.count - most} more\n`);
    await write('\n');
  }
  if (damagedBytes > 0) {
    complain(`sluice: ${chunk.file}: ${damagedBytes} bytes are damaged`);
  } else if (tornBytes > 0) {
    complain(`sluice: ${chunk.file}: the last ${tornBytes} bytes are of an unfinished write`);
  }
  return damagedBytes === 0;
}

function tellUnreadable(unreadable: readonly UnreadableChunk[]): boolean {
  for (const { file, reason } of unreadable) complain(`sluice: ${file}: ${reason}`);
  return unreadable.length > 0;
}

/** Waits where whoever reads is slow: a buffer may be larger than memory. */
async function write(text: string | Buffer): Promise<void> {
  if (text.length === 0) return;
  await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
}
