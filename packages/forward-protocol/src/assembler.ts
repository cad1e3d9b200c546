import { EventStream, EventTime, type EventRecord } from '@sluice/event-stream';
import {
  INCOMPLETE,
  loopShare,
  repairEntries,
  repairSteps,
  repairedSize,
  scanEntries,
} from '@sluice/event-stream/packed';
import type { AckBatch } from './ack-batch.js';
import { decompress, unsupportedReason } from './decompress.js';
import { inflateNow } from './inflate-now.js';
import { ForwardProtocolError } from './errors.js';
import { MakingAccount } from './making-account.js';
import type { ForwardMessage, ForwardMode, ForwardSignal } from './message.js';
import type { MessageOption } from './option.js';
import { PooledMemory } from './pooled-memory.js';
import type { ReaderSettings, Refusal } from './reader-options.js';
import { EVENT_TOO_LARGE, MOST_VALUES, SCAN_STEP, scanSteps } from './scan-steps.js';

const EMPTY = Buffer.alloc(0);
/** Bytes that may be inflated on the event loop for one push: half a millisecond of it. */
const INFLATED_AT_ONCE = 1024 * 1024;

/** What is smaller may be a part of a buffer of Node's, and is nothing to V8. */
const OF_ITS_OWN = 64 * 1024;

/** What is known of a message beside its events. */
export interface Envelope {
  mode: ForwardMode;
  /** Undefined where the tag is not a string. */
  tag: string | undefined;
  /** Bytes on the wire. */
  size: number;
  option: MessageOption | undefined;
  format: 'msgpack' | 'json';
  /** Where the message was collected; undefined where it lies in what was pushed. */
  memory: PooledMemory | undefined;
}

/** What a scan has found in the entries of a message. */
export interface EntryCounts {
  entries: number;
  invalid: number;
  zeroTimes: number;
  extensions: boolean;
}

/** Makes messages from the parts that the parser has found, and delivers or refuses them. */
export class MessageAssembler {
  private readonly account: MakingAccount;
  private inflatedNow = 0;

  constructor(private readonly settings: ReaderSettings) {
    this.account = new MakingAccount(settings.room, settings.decompressionSizeLimit);
  }

  /** Nothing is made any more. */
  close(): void {
    this.account.close();
  }

  refuse(reason: Refusal['reason'], message: string, of: Pick<Envelope, 'tag' | 'size'>): void {
    const { tag, size } = of;
    this.settings.onRefused?.({ reason, message, tag, size });
  }

  /** Others have had their turn meanwhile: some may be inflated at once again. */
  newTurn(): void {
    this.inflatedNow = 0;
  }

  compressed(payload: Buffer, compression: string, envelope: Envelope): void | Promise<void> {
    const unsupported = unsupportedReason(compression);
    if (unsupported !== undefined) {
      this.refuse('unsupported_compression', unsupported, envelope);
      return undefined;
    }
    if (compression === 'gzip') {
      const left = Math.min(
        INFLATED_AT_ONCE - this.inflatedNow,
        this.settings.decompressionSizeLimit,
      );
      const inflated = inflateNow(payload, left);
      if (inflated !== undefined) {
        const { memory, bytes } = inflated;
        this.inflatedNow += bytes.length;
        envelope.memory = memory;
        let wait: void | Promise<void>;
        try {
          wait = this.packed(bytes, envelope);
        } catch (error) {
          memory.release();
          throw error;
        }
        if (wait !== undefined) return wait.finally(() => memory.release());
        memory.release();
        return undefined;
      }
    }
    return this.inflate(payload, compression, envelope);
  }

  private async inflate(payload: Buffer, compression: string, envelope: Envelope): Promise<void> {
    const limit = this.settings.decompressionSizeLimit;
    const { account } = this;
    try {
      const inflated = await decompress(payload, compression, limit, account);
      if (inflated === undefined) {
        this.refuse('decompression_size_limit', `inflates to more than ${limit} bytes`, envelope);
        return;
      }
      await this.within(inflated, envelope, () => this.packed(inflated, envelope));
    } finally {
      account.release();
    }
  }

  /** Packed entries, which are validated here: large ones in steps, which take a promise. */
  packed(payload: Buffer, envelope: Envelope): void | Promise<void> {
    if (envelope.option !== undefined && envelope.option.signal !== 'logs') {
      return this.handOn(new AssembledMessage(envelope, EventStream.empty, 0, payload));
    }
    const found =
      payload.length > SCAN_STEP
        ? loopShare.slices(scanSteps(payload, this.settings.eventSizeLimit))
        : scanEntries(payload, 0, payload.length);
    return found instanceof Promise
      ? found.then((counts) => this.checked(payload, counts, envelope))
      : this.checked(payload, found, envelope);
  }

  /** An event is beyond the limits. */
  refuseEvent(of: Pick<Envelope, 'tag' | 'size'>): void {
    const { eventSizeLimit } = this.settings;
    const message = `an event of more than ${eventSizeLimit} bytes or ${MOST_VALUES} values`;
    this.refuse('event_size_limit', message, of);
  }

  private checked(
    payload: Buffer,
    counts: EntryCounts & { status: number },
    envelope: Envelope,
  ): void | Promise<void> {
    if (counts.status === EVENT_TOO_LARGE) {
      this.refuseEvent(envelope);
      return undefined;
    }
    if (counts.status !== 0) {
      throw new ForwardProtocolError(
        'ERR_SLUICE_FORWARD_BROKEN_ENTRIES',
        counts.status === INCOMPLETE
          ? 'the packed entries end within an entry'
          : 'the packed entries are not MessagePack',
      );
    }
    return this.scanned(payload, counts, envelope);
  }

  /** Entries that have been validated. */
  scanned(bytes: Buffer, counts: EntryCounts, envelope: Envelope): void | Promise<void> {
    const { entries, zeroTimes } = counts;
    const { tag } = envelope;
    const invalid = tag === undefined ? entries : counts.invalid;
    if (invalid > 0 && !this.settings.skipInvalidEvents) {
      const what =
        tag === undefined
          ? 'the tag is not a string'
          : `${invalid} of ${entries} entries are not [time, record]`;
      this.refuse('invalid_event', what, envelope);
      return undefined;
    }
    if (invalid === entries) return this.deliver(EMPTY, invalid, counts, envelope);
    if (invalid + zeroTimes === 0) return this.deliver(bytes, 0, counts, envelope);
    if (bytes.length > SCAN_STEP) {
      const { extensions } = counts;
      return this.repairLarge(bytes, { entries, invalid, zeroTimes, extensions }, envelope);
    }
    const repaired = repairEntries(bytes, zeroTimes, EventTime.now());
    envelope.memory = undefined;
    return this.deliver(repaired, invalid, counts, envelope);
  }

  private async repairLarge(bytes: Buffer, counts: EntryCounts, envelope: Envelope): Promise<void> {
    const { zeroTimes, invalid } = counts;
    const limit = this.settings.decompressionSizeLimit;
    const size = repairedSize(bytes.length, zeroTimes);
    if (size > limit) {
      const message = `larger than ${limit} bytes with a time in each event`;
      this.refuse('decompression_size_limit', message, envelope);
      return;
    }
    const { account } = this;
    await account.beginMore(size);
    try {
      const repaired = await loopShare.slices(repairSteps(bytes, zeroTimes, EventTime.now()));
      await this.within(repaired, envelope, () =>
        this.deliver(repaired, invalid, counts, envelope),
      );
    } finally {
      account.release();
    }
  }

  /** The message lies in memory of its own, which goes with the last who holds it. */
  private async within(
    bytes: Buffer,
    envelope: Envelope,
    work: () => void | Promise<void>,
  ): Promise<void> {
    if (bytes.length < OF_ITS_OWN) {
      envelope.memory = undefined;
      return work();
    }
    const memory = PooledMemory.around(bytes);
    envelope.memory = memory;
    try {
      await work();
    } catch (error) {
      memory.release();
      throw error;
    }
    memory.discard();
  }

  private deliver(
    bytes: Buffer,
    invalid: number,
    { entries, extensions }: EntryCounts,
    envelope: Envelope,
  ): void | Promise<void> {
    const chunk = envelope.option?.chunk;
    const stream = EventStream.fromScanned(bytes, entries - invalid, extensions, chunk);
    return this.handOn(new AssembledMessage(envelope, stream, invalid, undefined));
  }

  private handOn(message: ForwardMessage): void | Promise<void> {
    const result = this.settings.onMessage(message);
    return result instanceof Promise ? (result as Promise<void>) : undefined;
  }
}

class AssembledMessage implements ForwardMessage {
  readonly mode: ForwardMode;
  readonly tag: string;
  readonly invalidTag: boolean;
  readonly size: number;
  readonly format: 'msgpack' | 'json';
  readonly memory: PooledMemory | undefined;
  readonly #option: MessageOption | undefined;

  constructor(
    envelope: Envelope,
    readonly stream: EventStream,
    readonly invalid: number,
    readonly payload: Buffer | undefined,
  ) {
    this.mode = envelope.mode;
    this.tag = envelope.tag ?? '';
    this.invalidTag = envelope.tag === undefined;
    this.size = envelope.size;
    this.format = envelope.format;
    this.memory = envelope.memory;
    this.#option = envelope.option;
  }

  get signal(): ForwardSignal {
    return this.#option?.signal ?? 'logs';
  }

  get chunk(): string | undefined {
    return this.#option?.chunk;
  }

  get ackId(): string | undefined {
    return this.#option?.ackId;
  }

  addAck(batch: AckBatch): boolean {
    return this.#option?.addAck(batch) ?? false;
  }

  get compressed(): string | undefined {
    return this.#option?.compressed;
  }

  get option(): EventRecord | undefined {
    return this.#option?.decode();
  }
}
