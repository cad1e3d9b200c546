import os from 'node:os';
import { defineSection, t, type SectionOf } from '@sluice/config';
import { encodeValue, type EventStream } from '@sluice/event-stream';
import { packPair, setFields, type EntryCursor } from '@sluice/event-stream/packed';
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

  /** A stream with the fields in each record. Records are copied, not decoded. */
  apply(tag: string, stream: EventStream): EventStream {
    let fields = this.#fixed;
    if (this.#tagKey !== undefined) {
      fields = Buffer.concat([fields, this.#tagKey, encodeValue(tag)]);
    }
    const bytes = this.#timeKey === undefined ? fields : this.#withTime(fields, this.#timeKey);
    return stream.withEntries(
      setFields(stream.bytes, stream.count, { names: this.#keys, bytes }),
      stream.count,
    );
  }

  /** The fields and the time of each entry; those of entries of the same time are made once. */
  #withTime(fields: Buffer, timeKey: Buffer): (entry: EntryCursor) => Buffer {
    let last: string | number | bigint | undefined;
    let bytes: Buffer | undefined;
    return ({ seconds, nanoseconds }) => {
      const time = this.#time(seconds, nanoseconds);
      if (time !== last || bytes === undefined) {
        last = time;
        bytes = Buffer.concat([fields, timeKey, this.#float ? packFloat(time) : encodeValue(time)]);
      }
      return bytes;
    };
  }
}
