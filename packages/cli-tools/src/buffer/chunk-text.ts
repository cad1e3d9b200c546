import type { ChunkContents, WaitingChunk } from '@sluice/buffer';
import { lineText } from '../terminal/screen.js';
import { table } from '../terminal/table.js';

/** Events as lines of JSON, with tag and time. */
export function eventLines(tag: string, stream: ChunkContents['stream']): Buffer {
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

/** What a chunk is, before its events. */
export function chunkHeading(chunk: WaitingChunk, contents: ChunkContents): string {
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

/** Chunks as lines of JSON. */
export function chunkJson(chunks: readonly WaitingChunk[]): string {
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

/** Chunks as a table, with a line of totals. */
export function chunkTable(chunks: readonly WaitingChunk[]): string {
  const keys = ({ timekey, variables }: WaitingChunk['metadata']): string =>
    [
      ...(timekey === undefined ? [] : [isoOf(timekey * 1000)]),
      ...Object.entries(variables ?? {}).map(([key, value]) => `${key}=${JSON.stringify(value)}`),
    ].join(' ');
  const rows = chunks.map(({ id, folder, createdAt, events, bytes, metadata }) => [
    id,
    folder,
    isoOf(createdAt),
    String(events),
    String(bytes),
    // Whoever sends chooses it: no control character goes to a terminal.
    JSON.stringify(metadata.tag).slice(1, -1),
    keys(metadata),
  ]);
  const events = chunks.reduce((sum, chunk) => sum + chunk.events, 0);
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
  const lines = table(
    [
      { title: 'CHUNK' },
      { title: 'FOLDER' },
      { title: 'BEGUN' },
      { title: 'EVENTS', side: 'right' },
      { title: 'BYTES', side: 'right' },
      { title: 'TAG' },
      { title: 'KEYS' },
    ],
    rows,
  );
  const total = `chunks: ${chunks.length}, events: ${events}, bytes: ${bytes}`;
  return `${[...lines.map(lineText), total].join('\n')}\n`;
}
