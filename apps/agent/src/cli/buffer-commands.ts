import {
  ChunkFormatError,
  readWaitingChunk,
  waitingChunks,
  type ChunkContents,
  type UnreadableChunk,
  type WaitingChunk,
} from '@sluice/buffer';
import { complain } from '../complain.js';
import { parseFlags, UsageError } from './flags.js';
import { usageOf } from './usage.js';

type Verb = 'list' | 'show' | 'export';

const flags = {
  json: { type: 'boolean' },
  chunk: { type: 'string' },
  events: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Which flags each command has, beside --help. */
const flagsOf: Readonly<Record<Verb, readonly (keyof typeof flags)[]>> = {
  list: ['json'],
  show: ['chunk', 'events'],
  export: ['chunk'],
};

/**
 * `sluice buffer list|show|export PATH`: what waits in the files of a buffer, also while the agent
 * runs: as a table or JSON, chunk by chunk with the first events, or every event as a line of JSON.
 * Fluentd's users have fluent-binlog-reader for it.
 *
 * @returns the exit code: 1 where the buffer is unknown, or something in it is damaged
 */
export async function bufferCommand(args: string[]): Promise<number> {
  const [verb, ...rest] = args as [string | undefined, ...string[]];
  if (verb === '--help' || verb === '-h') {
    process.stdout.write(usageOf(['buffer']));
    return 0;
  }
  if (verb !== 'list' && verb !== 'show' && verb !== 'export') {
    throw new UsageError('the commands are: sluice buffer list, show, export');
  }
  const { values, positionals } = parseFlags(rest, flags);
  const { json = false, chunk: wanted, events = '10' } = values;
  for (const name of Object.keys(values)) {
    if (name === 'help' || (flagsOf[verb] as readonly string[]).includes(name)) continue;
    throw new UsageError(`sluice buffer ${verb} has no --${name}`);
  }
  if (values.help === true) {
    process.stdout.write(usageOf(['buffer', verb]));
    return 0;
  }
  const [where, extra] = positionals as (string | undefined)[];
  if (where === undefined) throw new UsageError('the path of a buffer is needed');
  if (extra !== undefined) throw new UsageError(`"${extra}" is one argument too many`);
  const most = Number(events);
  if (!Number.isInteger(most) || most < 0) {
    throw new UsageError(`--events is a whole number, not "${events}"`);
  }
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
  let damaged = tellUnreadable(found.unreadable);
  if (verb === 'list') await write(json ? jsonOf(chunks) : tableOf(chunks));
  else for (const chunk of chunks) damaged = !(await print(verb, chunk, most)) || damaged;
  return damaged ? 1 : 0;
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
    await write(headingOf(chunk, contents));
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

function eventLines(tag: string, stream: ChunkContents['stream']): Buffer {
  const start = `{"tag":${JSON.stringify(tag)},"time":"`;
  return stream.toJsonLines({
    prefix: (seconds, nanoseconds) => `${start}${timeText(seconds, nanoseconds)}","record":`,
    newline: '}\n',
  });
}

function timeText(seconds: number, nanoseconds: number): string {
  const date = new Date(seconds * 1000);
  const text = Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().slice(0, 19);
  return `${text}.${String(nanoseconds).padStart(9, '0')}Z`;
}

function tellUnreadable(unreadable: readonly UnreadableChunk[]): boolean {
  for (const { file, reason } of unreadable) complain(`sluice: ${file}: ${reason}`);
  return unreadable.length > 0;
}

function headingOf(chunk: WaitingChunk, contents: ChunkContents): string {
  const { id, folder, metadata, createdAt, size } = chunk;
  const { tag, timekey, variables } = metadata;
  const { bytes, count } = contents.stream;
  return [
    `chunk ${id} in ${folder}`,
    `  tag      ${JSON.stringify(tag)}`,
    ...(timekey === undefined ? [] : [`  timekey  ${isoOf(timekey * 1000)}`]),
    ...Object.entries(variables ?? {}).map(
      ([key, value]) => `  ${key.padEnd(8)} ${JSON.stringify(value)}`,
    ),
    `  begun    ${isoOf(createdAt)}`,
    `  events   ${count}, ${bytes.length} bytes, ${size} in the file`,
    '',
  ].join('\n');
}

function isoOf(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? String(milliseconds) : date.toISOString();
}

function jsonOf(chunks: readonly WaitingChunk[]): string {
  return chunks
    .map(({ metadata, createdAt, ...chunk }) => {
      const { timekey } = metadata;
      return `${JSON.stringify({
        ...chunk,
        ...metadata,
        ...(timekey !== undefined && { timekey: isoOf(timekey * 1000) }),
        createdAt: isoOf(createdAt),
      })}\n`;
    })
    .join('');
}

function tableOf(chunks: readonly WaitingChunk[]): string {
  const keys = ({ timekey, variables }: WaitingChunk['metadata']): string =>
    [
      ...(timekey === undefined ? [] : [isoOf(timekey * 1000)]),
      ...Object.entries(variables ?? {}).map(([key, value]) => `${key}=${JSON.stringify(value)}`),
    ].join(' ');
  const rows = [
    ['CHUNK', 'FOLDER', 'BEGUN', 'EVENTS', 'BYTES', 'TAG', 'KEYS'],
    ...chunks.map(({ id, folder, createdAt, events, bytes, metadata }) => [
      id,
      folder,
      isoOf(createdAt),
      String(events),
      String(bytes),
      // Whoever sends chooses it: no control character goes to a terminal.
      JSON.stringify(metadata.tag).slice(1, -1),
      keys(metadata),
    ]),
  ];
  const widths = rows[0].map((_title, column) =>
    Math.max(...rows.map((row) => row[column].length)),
  );
  const text = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 3 || column === 4 ? cell.padStart(widths[column]) : cell.padEnd(widths[column]),
      )
      .join('  ')
      .trimEnd(),
  );
  const events = chunks.reduce((sum, chunk) => sum + chunk.events, 0);
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
  return `${text.join('\n')}\nchunks: ${chunks.length}, events: ${events}, bytes: ${bytes}\n`;
}

/** Waits where whoever reads is slow: a buffer may be larger than memory. */
async function write(text: string | Buffer): Promise<void> {
  if (text.length === 0) return;
  await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
}
