import os from 'node:os';
import { defineSection, t, type SectionOf } from '@sluice/config';
import { encodeValue, type EventStream } from '@sluice/event-stream';
import { floatText, packPair, type PackedFields } from '@sluice/event-stream/packed';
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
    hostname: t.string().optional().describe('The host name (default: that of the system)'),
    workerIdKey: t.string().optional().describe('Name of the field with the number of the worker'),
    tagKey: t.string().optional().describe('Name of the field with the tag'),
    timeKey: t.string().optional().describe('Name of the field with the time'),
    ...timeParams,
  },
  check: checkTimeParams,
});

/** A float even where it has no fraction, so that it is written as 1.0. */
function packFloat(value: string | number | bigint): Buffer {
  const bytes = Buffer.alloc(9, 0xcb);
  bytes.writeDoubleBE(Number(value), 1);
  return bytes;
}

/**
 * A time in seconds as a float is written, cut at microseconds: mostly it is the decimals themselves,
 * since floats of this size tell microseconds apart, and no shorter decimals stand for the same float.
 */
function timeText(seconds: number, nanoseconds: number, value: number): string {
  const micros = Math.floor(nanoseconds / 1e3);
  if (seconds < 1e9 || seconds > 4e9 || micros === 0) return floatText(value);
  if (micros % 10 !== 0) return `${seconds}.${String(micros).padStart(6, '0')}`;
  return floatText(value);
}

/** Adds fields to every record of a stream. */
export class Injector {
  readonly #keys: Buffer[] = [];
  readonly #fixed: Buffer;
  readonly #tagKey: Buffer | undefined;
  readonly #timeKey: Buffer | undefined;
  readonly #time: TimeWriter;
  readonly #float: boolean;

  constructor(config: SectionOf<typeof injectSection>, workerId: number) {
    const fixed: Buffer[] = [];
    const fixedField = (key: string | undefined, value: unknown): void => {
      if (key === undefined) return;
      fixed.push(packPair(key, value));
      this.#keys.push(Buffer.from(key));
    };
    fixedField(config.hostnameKey, config.hostname ?? os.hostname());
    fixedField(config.workerIdKey, workerId);
    this.#fixed = Buffer.concat(fixed);
    const { tagKey, timeKey } = config;
    this.#tagKey = tagKey === undefined ? undefined : Buffer.from(encodeValue(tagKey));
    this.#timeKey = timeKey === undefined ? undefined : Buffer.from(encodeValue(timeKey));
    if (tagKey !== undefined) this.#keys.push(Buffer.from(tagKey));
    if (timeKey !== undefined) this.#keys.push(Buffer.from(timeKey));
    const timeType = config.timeType ?? 'float';
    this.#float = timeType === 'float';
    this.#time = timeWriter({ ...config, timeType }, 'float', isoFormat(config, ''));
  }

  /** Whether it adds anything at all. */
  get active(): boolean {
    return this.#keys.length > 0;
  }

  /** A stream with the fields in each record. Records are copied at most, and not decoded. */
  apply(tag: string, stream: EventStream): EventStream {
    let fields = this.#fixed;
    if (this.#tagKey !== undefined) {
      fields = Buffer.concat([fields, this.#tagKey, encodeValue(tag)]);
    }
    const names = this.#keys;
    if (this.#timeKey === undefined) return stream.withPackedFields({ names, bytes: fields });
    return stream.withPackedFields({ names, ...this.#withTime(fields, this.#timeKey) });
  }

  /** The fields and the time of each entry; those of entries of the same time are made once. */
  #withTime(before: Buffer, name: Buffer): Omit<PackedFields, 'names'> {
    let last: string | number | bigint | undefined;
    // A float goes into the same bytes each time.
    let bytes = Buffer.concat([before, name, packFloat(0)]);
    return {
      bytes: ({ seconds, nanoseconds }) => {
        const time = this.#time(seconds, nanoseconds);
        if (time === last) return bytes;
        last = time;
        if (this.#float) bytes.writeDoubleBE(Number(time), bytes.length - 8);
        else bytes = Buffer.concat([before, name, encodeValue(time)]);
        return bytes;
      },
      changing: {
        before,
        name,
        json: ({ seconds, nanoseconds }) => {
          const time = this.#time(seconds, nanoseconds);
          if (typeof time === 'string') return JSON.stringify(time);
          return this.#float ? timeText(seconds, nanoseconds, Number(time)) : String(time);
        },
      },
    };
  }
}
