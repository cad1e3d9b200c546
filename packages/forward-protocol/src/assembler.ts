import { EventStream, EventTime, type EventRecord } from '@sluice/event-stream';
import { INCOMPLETE, repairEntries, scanEntries } from '@sluice/event-stream/packed';
import { InflationAccount } from './inflation-account.js';
import { scanInSteps, SCAN_STEP } from './scan-in-steps.js';
import { decompress, unsupportedReason } from './decompress.js';
import { ForwardProtocolError } from './errors.js';
import type { ForwardMessage, ForwardMode, ForwardSignal } from './message.js';
import type { MessageOption } from './option.js';
import type { PooledMemory } from './pooled-memory.js';
import type { ReaderSettings, Refusal } from './reader-options.js';

const EMPTY = Buffer.alloc(0);

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
  private readonly account: InflationAccount;

  constructor(private readonly settings: ReaderSettings) {
    this.account = new InflationAccount(settings.inflating, settings.decompressionSizeLimit);
  }

  /** Nothing is inflated any more. */
  close(): void {
    this.account.close();
  }

  refuse(reason: Refusal['reason'], message: string, of: Pick<Envelope, 'tag' | 'size'>): void {
    const { tag, size } = of;
    this.settings.onRefused?.({ reason, message, tag, size });
  }

  async compressed(payload: Buffer, compression: string, envelope: Envelope): Promise<void> {
    const limit = this.settings.decompressionSizeLimit;
    const unsupported = unsupportedReason(compression);
    if (unsupported !== undefined) {
      this.refuse('unsupported_compression', unsupported, envelope);
      return;
    }
    const { account } = this;
    try {
      const inflated = await decompress(payload, compression, limit, account);
      if (inflated === undefined) {
        this.refuse('decompression_size_limit', `inflates to more than ${limit} bytes`, envelope);
        return;
      }
      await this.packed(inflated, envelope);
    } finally {
      account.release();
    }
  }

  /** Packed entries, which are validated here: large ones in steps, which take a promise. */
  packed(payload: Buffer, envelope: Envelope): void | Promise<void> {
    if (envelope.option !== undefined && envelope.option.signal !== 'logs') {
      this.settings.onMessage(new AssembledMessage(envelope, EventStream.empty, 0, payload));
      return;
    }
    if (payload.length > SCAN_STEP) return this.large(payload, envelope);
    this.checked(payload, scanEntries(payload, 0, payload.length), envelope);
  }

  private async large(payload: Buffer, envelope: Envelope): Promise<void> {
    this.checked(payload, await scanInSteps(payload), envelope);
  }

  private checked(
    payload: Buffer,
    counts: EntryCounts & { status: number },
    envelope: Envelope,
  ): void {
    if (counts.status !== 0) {
      throw new ForwardProtocolError(
        'ERR_SLUICE_FORWARD_BROKEN_ENTRIES',
        counts.status === INCOMPLETE
          ? 'the packed entries end within an entry'
          : 'the packed entries are not MessagePack',
      );
    }
    this.scanned(payload, counts, envelope);
  }

  /** Entries that have been validated. */
  scanned(bytes: Buffer, counts: EntryCounts, envelope: Envelope): void {
    const { entries, zeroTimes, extensions } = counts;
    const { tag, option } = envelope;
    const invalid = tag === undefined ? entries : counts.invalid;
    if (invalid > 0 && !this.settings.skipInvalidEvents) {
      const what =
        tag === undefined
          ? 'the tag is not a string'
          : `${invalid} of ${entries} entries are not [time, record]`;
      this.refuse('invalid_event', what, envelope);
      return;
    }
    let valid = bytes;
    if (invalid === entries) valid = EMPTY;
    else if (invalid + zeroTimes > 0) {
      valid = repairEntries(bytes, 0, bytes.length, EventTime.now());
      envelope.memory = undefined;
    }
    const stream = EventStream.fromScanned(valid, entries - invalid, extensions, option?.chunk);
    this.settings.onMessage(new AssembledMessage(envelope, stream, invalid, undefined));
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

  get compressed(): string | undefined {
    return this.#option?.compressed;
  }

  get option(): EventRecord | undefined {
    return this.#option?.decode();
  }
}
