import type { EventStream } from '@sluice/event-stream';
import { descend, EntryCursor, findFields, textAt } from '@sluice/event-stream/packed';
import type { ChunkMetadata } from '@sluice/plugin';
import type { ChunkKeys } from './chunk-keys.js';

/** Events that belong into one chunk. */
export interface Part {
  /** The same for all events that may share a chunk. */
  readonly key: string;
  readonly metadata: ChunkMetadata;
  readonly stream: EventStream;
}

/** How events are divided into time slices: both in seconds. */
export interface TimeSlices {
  readonly length: number;
  /** How far the zone of the slices is ahead of UTC at a time. */
  readonly offset: (seconds: number) => number;
}

interface Run {
  readonly key: string;
  readonly metadata: ChunkMetadata;
  readonly pieces: Buffer[];
  start: number;
  end: number;
  count: number;
}

/** Divides streams by chunk keys. Nothing is decoded but the keys, and mostly nothing copied. */
export class Divider {
  readonly #keys: ChunkKeys;
  readonly #slices: TimeSlices;
  readonly #names: Buffer[];
  readonly #found: number[];

  constructor(keys: ChunkKeys, slices: TimeSlices) {
    this.#keys = keys;
    this.#slices = slices;
    this.#names = keys.fields.map(({ field }) => {
      const first = field.path[0];
      // A record is a map: a path that begins with a number leads nowhere.
      return typeof first === 'number' ? Buffer.alloc(0) : first;
    });
    this.#found = this.#names.map(() => -1);
  }

  /** The parts of a stream, in the order of their first events. */
  divide(tag: string, stream: EventStream): Part[] {
    if (!this.#keys.time && this.#keys.fields.length === 0) {
      return [{ key: tag, metadata: { tag }, stream }];
    }
    const runs = this.#runs(tag, stream);
    if (runs.length === 1) return [{ ...runs[0], stream }];
    return runs.map(({ key, metadata, pieces, start, end, count }) => {
      const last = stream.bytes.subarray(start, end);
      const bytes = pieces.length === 0 ? last : Buffer.concat([...pieces, last]);
      return { key, metadata, stream: stream.withEntries(bytes, count) };
    });
  }

  /** The key of those events that have this in common; undefined where the chunk keys are others. */
  keyOf({ tag, timekey, variables = {} }: ChunkMetadata): string | undefined {
    const { time, fields } = this.#keys;
    const same =
      time === (timekey !== undefined) &&
      Object.keys(variables).length === fields.length &&
      fields.every(({ key }) => Object.hasOwn(variables, key));
    if (!same) return undefined;
    if (!time && fields.length === 0) return tag;
    return keyOf(
      tag,
      timekey,
      fields.map(({ key }) => variables[key]),
    );
  }

  #runs(tag: string, stream: EventStream): Run[] {
    const { bytes } = stream;
    const runs = new Map<string, Run>();
    const entry = new EntryCursor(bytes);
    let run: Run | undefined;
    for (let more = entry.next(); more; more = entry.moveTo(entry.end)) {
      const { start } = entry;
      const timekey = this.#keys.time ? this.#sliceOf(entry.seconds) : undefined;
      const values = this.#values(bytes, entry.record);
      const key = keyOf(tag, timekey, values);
      if (run?.key !== key) {
        run = runs.get(key);
        if (run === undefined) {
          const metadata = this.#metadata(tag, timekey, values);
          run = { key, metadata, pieces: [], start, end: start, count: 0 };
          runs.set(key, run);
        }
      }
      if (run.end !== start) {
        run.pieces.push(bytes.subarray(run.start, run.end));
        run.start = start;
      }
      run.end = entry.end;
      run.count += 1;
    }
    return [...runs.values()];
  }

  #sliceOf(seconds: number): number {
    const { length, offset } = this.#slices;
    const ahead = offset(seconds);
    return Math.floor((seconds + ahead) / length) * length - ahead;
  }

  #values(bytes: Buffer, record: number): string[] {
    const { fields } = this.#keys;
    if (fields.length === 0) return [];
    findFields(bytes, record, this.#names, this.#found);
    return fields.map(({ field: { path } }, index) => {
      const found = typeof path[0] === 'number' ? -1 : this.#found[index];
      return textAt(bytes, descend(bytes, found, path, 1));
    });
  }

  #metadata(tag: string, timekey: number | undefined, values: string[]): ChunkMetadata {
    const { fields } = this.#keys;
    return {
      tag,
      ...(timekey !== undefined && { timekey }),
      ...(fields.length > 0 && {
        variables: Object.fromEntries(fields.map(({ key }, index) => [key, values[index]])),
      }),
    };
  }
}

function keyOf(tag: string, timekey: number | undefined, values: string[]): string {
  if (values.length === 0) return `${timekey ?? ''}\0${tag}`;
  return JSON.stringify([timekey, tag, ...values]);
}

/**
 * Cuts a stream where it is too large for one chunk.
 *
 * @returns streams within both limits; an event that is larger than a chunk is one of its own
 */
export function cutToSize(stream: EventStream, bytes: number, events: number): EventStream[] {
  if (stream.bytes.length <= bytes && stream.count <= events) return [stream];
  const pieces: EventStream[] = [];
  const entry = new EntryCursor(stream.bytes);
  let start = 0;
  let end = 0;
  let count = 0;
  const cut = (): void => {
    if (count > 0) pieces.push(stream.withEntries(stream.bytes.subarray(start, end), count));
    start = end;
    count = 0;
  };
  while (entry.next()) {
    if (count >= events || entry.end - start > bytes) cut();
    end = entry.end;
    count += 1;
  }
  cut();
  return pieces;
}
