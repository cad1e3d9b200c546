import os from 'node:os';
import { defineSection, t, type SectionOf } from '@sluice/config';
import { encodeValue, EventStream } from '@sluice/event-stream';
import { forEachEntry, mapHead, withoutFields } from './packed-entries.js';
import {
  checkTimeParams,
  isoFormat,
  timeParams,
  timeWriter,
  type TimeWriter,
} from './time-params.js';

/** `<inject>`: what is added to each record. Fluentd's parameters. */
export const injectSection = defineSection({
  name: 'inject',
  description:
    'Adds the tag, the time or the host to each record; a field of that name is replaced.',
  params: {
    hostnameKey: t.string().optional().describe('Name of the field with the host name'),
    hostname: t.string().optional().describe('The host name; default that of the system'),
    workerIdKey: t.string().optional().describe('Name of the field with the number of the worker'),
    tagKey: t.string().optional().describe('Name of the field with the tag'),
    timeKey: t.string().optional().describe('Name of the field with the time'),
    ...timeParams,
  },
  check: checkTimeParams,
});

/** Adds fields to every record of a stream. */
export class Injector {
  readonly #keys: Buffer[] = [];
  readonly #fixed: Buffer;
  readonly #fixedPairs: number;
  readonly #tagKey: Buffer | undefined;
  readonly #timeKey: Buffer | undefined;
  readonly #time: TimeWriter;

  constructor(config: SectionOf<typeof injectSection>, workerId: number) {
    const fixed: Buffer[] = [];
    const fixedField = (key: string | undefined, value: unknown): void => {
      if (key === undefined) return;
      fixed.push(encodeField(key, value));
      this.#keys.push(Buffer.from(key));
    };
    fixedField(config.hostnameKey, config.hostname ?? os.hostname());
    fixedField(config.workerIdKey, workerId);
    this.#fixedPairs = fixed.length;
    this.#fixed = Buffer.concat(fixed);
    const { tagKey, timeKey } = config;
    this.#tagKey = tagKey === undefined ? undefined : Buffer.from(encodeValue(tagKey));
    this.#timeKey = timeKey === undefined ? undefined : Buffer.from(encodeValue(timeKey));
    if (tagKey !== undefined) this.#keys.push(Buffer.from(tagKey));
    if (timeKey !== undefined) this.#keys.push(Buffer.from(timeKey));
    // Fluentd's string has whole seconds; the nanoseconds that the event has are not thrown away.
    this.#time = timeWriter(config, 'float', isoFormat(config, '.%N'));
  }

  /** Whether it adds anything at all. */
  get active(): boolean {
    return this.#keys.length > 0;
  }

  /** A stream with the fields at the end of each record. Records are copied, not decoded. */
  apply(tag: string, stream: EventStream): EventStream {
    const { bytes, count } = stream;
    const parts: Buffer[] = [];
    let tail = this.#fixed;
    let added = this.#fixedPairs;
    if (this.#tagKey !== undefined) {
      tail = Buffer.concat([tail, this.#tagKey, encodeValue(tag)]);
      added += 1;
    }
    if (this.#timeKey !== undefined) {
      tail = Buffer.concat([tail, this.#timeKey]);
      added += 1;
    }
    let lastTime: string | number | bigint | undefined;
    let lastBytes: Buffer | undefined;
    forEachEntry(bytes, (entry) => {
      parts.push(bytes.subarray(entry.start, entry.record));
      const head = parts.push(tail) - 1; // its place, until the number of pairs is known
      const left = withoutFields(bytes, entry.record, entry.end, this.#keys, parts);
      parts[head] = mapHead(left + added);
      parts.push(tail);
      if (this.#timeKey === undefined) return;
      const time = this.#time(entry.seconds, entry.nanoseconds);
      if (time !== lastTime || lastBytes === undefined) {
        lastTime = time;
        lastBytes = Buffer.from(encodeValue(time));
      }
      parts.push(lastBytes);
    });
    return EventStream.fromScanned(Buffer.concat(parts), count);
  }
}

function encodeField(key: string, value: unknown): Buffer {
  return Buffer.concat([encodeValue(key), encodeValue(value)]);
}
