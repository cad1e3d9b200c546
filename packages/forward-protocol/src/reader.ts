import {
  EventStream,
  EventTime,
  encodeValue,
  INCOMPLETE,
  repairEntries,
  resetScan,
  scanEntries,
  type EventRecord,
} from '@sluice/event-stream';
import { decompress, unsupportedReason } from './decompress.js';
import { ForwardProtocolError } from './errors.js';
import { JsonFramer, parseJson } from './json-framer.js';
import type { ForwardMessage, ForwardMode, ForwardSignal } from './message.js';
import { MessageParser, OVERSIZE } from './message-parser.js';
import { MessageOption } from './option.js';
import { readTag } from './tag-cache.js';

/** Why one message was refused while the connection goes on. */
export interface Refusal {
  reason:
    /** Larger than `chunkSizeLimit`. */
    | 'chunk_size_limit'
    /** Inflates to more than `decompressionSizeLimit`. */
    | 'decompression_size_limit'
    /** A compression that is unknown, or that this Node.js cannot read. */
    | 'unsupported_compression'
    /** An entry is no event, and `skipInvalidEvents` is false. */
    | 'invalid_event';
  message: string;
  tag: string | undefined;
  /** Bytes of the message, as far as they are known. */
  size: number;
}

/** What a {@link ForwardReader} needs to know. */
export interface ForwardReaderOptions {
  /** Takes each message, in the order of the connection. An exception from it ends the reader. */
  onMessage: (message: ForwardMessage) => void;
  /** A heartbeat (a bare nil) came. */
  onHeartbeat?: () => void;
  /** A message was refused: it is not delivered and must not be acknowledged. */
  onRefused?: (refusal: Refusal) => void;
  /** Largest message in bytes; a larger one is passed over. Default 256 MiB. */
  chunkSizeLimit?: number;
  /** Largest payload in bytes once inflated. Default 256 MiB, as Fluentd's. */
  decompressionSizeLimit?: number;
  /**
   * Leave out entries that are no event and keep the others (default), or refuse the whole
   * message. Fluentd's skip_invalid_event.
   */
  skipInvalidEvents?: boolean;
  /** Whether a peer may speak JSON. Default true. */
  json?: boolean;
}

const MIB = 1024 * 1024;
// How far beyond the known need a cut message takes from the next read: room for its option.
const LOOKAHEAD = 512;
const ENTRIES_LOOKAHEAD = 16 * 1024;
// An announced length is believed up to this many bytes before they are there.
const TRUSTED_ALLOCATION = 256 * 1024;
const TRUSTED_RATIO = 16;

/**
 * Bytes of a connection in, messages out. Linear in the bytes however they are cut: a message
 * that lies within one read is a view on it, one that is cut is copied together once and never
 * scanned again from its start.
 */
export class ForwardReader {
  private readonly options: Required<Omit<ForwardReaderOptions, 'onHeartbeat' | 'onRefused'>> &
    Pick<ForwardReaderOptions, 'onHeartbeat' | 'onRefused'>;
  private readonly parser: MessageParser;
  private pending = Buffer.alloc(0);
  private pendingLength = 0;
  private tail: Promise<void> | undefined;
  private failure: Error | undefined;
  private format: 'msgpack' | 'json' | undefined;
  private framer: JsonFramer | undefined;

  constructor(options: ForwardReaderOptions) {
    this.options = {
      chunkSizeLimit: 256 * MIB,
      decompressionSizeLimit: 256 * MIB,
      skipInvalidEvents: true,
      json: true,
      ...options,
    };
    this.parser = new MessageParser(this.options.chunkSizeLimit);
  }

  /** Bytes of a message that has begun and not ended. */
  get bufferedBytes(): number {
    return this.framer?.bufferedBytes ?? this.pendingLength;
  }

  /**
   * Takes the next bytes of the connection, which must not be changed afterwards.
   *
   * @returns a promise where a payload is being inflated: whoever reads from a socket waits for it
   *   before the next read. Bytes pushed meanwhile are kept and their messages stay in order.
   * @throws {@link ForwardProtocolError} (or rejects with it) where the peer breaks the protocol;
   *   the reader then refuses all further bytes with the same error
   */
  push(data: Buffer): void | Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    if (this.tail === undefined) {
      let result: void | Promise<void>;
      try {
        result = this.consume(data);
      } catch (error) {
        this.failure = error as Error;
        throw error;
      }
      if (result === undefined) return undefined;
      return this.wait(result);
    }
    return this.wait(this.tail.then(() => this.consume(data)));
  }

  private wait(result: Promise<void>): Promise<void> {
    const tail = result.then(
      () => {
        if (this.tail === tail) this.tail = undefined;
      },
      (error: unknown) => {
        this.failure = error as Error;
        throw error;
      },
    );
    this.tail = tail;
    return tail;
  }

  private consume(data: Buffer): void | Promise<void> {
    if (this.format === undefined) {
      if (data.length === 0) return undefined;
      this.format = data[0] === 0x5b || data[0] === 0x7b ? this.startJson() : 'msgpack';
    }
    if (this.framer !== undefined) {
      this.framer.push(data);
      return undefined;
    }
    return this.consumeMsgpack(data);
  }

  private startJson(): 'json' {
    if (!this.options.json) {
      throw new ForwardProtocolError(
        'ERR_SLUICE_FORWARD_JSON_REFUSED',
        'the peer speaks JSON where only MessagePack is allowed',
      );
    }
    const limit = this.options.chunkSizeLimit;
    this.framer = new JsonFramer(limit, {
      onText: (text) => this.completeJson(text),
      onOversize: () =>
        this.refuse('chunk_size_limit', `larger than ${limit} bytes`, undefined, limit),
    });
    return 'json';
  }

  /** A message in JSON goes the way of all others, once it is MessagePack. */
  private completeJson(text: Buffer): void {
    const bytes = encodeValue(parseJson(text));
    const end = this.parser.parse(bytes, 0, bytes.length);
    if (end !== bytes.length || this.parser.kind === 'packed') {
      throw new ForwardProtocolError(
        'ERR_SLUICE_FORWARD_NOT_A_MESSAGE',
        'not a forward message in JSON',
      );
    }
    void this.complete(bytes, 0, end, text.length);
  }

  private consumeMsgpack(data: Buffer): void | Promise<void> {
    const { parser } = this;
    const end = data.length;
    let pos = 0;
    while (this.pendingLength > 0 && pos < end) {
      const known = Math.max(parser.need - this.pendingLength, 0);
      const count = Math.min(end - pos, known + (parser.endKnown ? LOOKAHEAD : ENTRIES_LOOKAHEAD));
      this.append(data, pos, count);
      pos += count;
      const bytes = this.pending;
      const length = this.pendingLength;
      const next = this.parse(bytes, 0, length);
      if (next >= 0) {
        // What was taken too much is still in the read.
        pos -= length - next;
        this.pendingLength = 0;
        this.pending = EMPTY;
        const wait = this.complete(bytes, 0, next);
        if (wait !== undefined) return this.resume(wait, data, pos);
      } else if (parser.discarding) {
        this.keep(bytes, parser.dropped(length), length);
      }
    }
    while (pos < end) {
      const next = this.parse(data, pos, end);
      if (next >= 0) {
        const start = pos;
        pos = next;
        const wait = this.complete(data, start, next);
        if (wait !== undefined) return this.resume(wait, data, pos);
      } else if (parser.discarding) {
        this.keep(data, pos + parser.dropped(end - pos), end);
        pos = end;
      } else {
        this.keep(data, pos, end);
        pos = end;
      }
    }
    return undefined;
  }

  private async resume(wait: Promise<void>, data: Buffer, pos: number): Promise<void> {
    await wait;
    if (pos < data.length) await this.consume(data.subarray(pos));
  }

  /** Begins to collect a message that is cut. */
  private keep(bytes: Buffer, start: number, end: number): void {
    const rest = bytes.subarray(start, end);
    this.pending = EMPTY;
    this.pendingLength = 0;
    this.append(rest, 0, rest.length);
  }

  private append(data: Buffer, start: number, count: number): void {
    const length = this.pendingLength + count;
    if (length > this.pending.length) {
      // Doubling keeps the copying linear. A known need is allocated at once where it is small, or
      // where a good part of it has come: what a peer announces alone takes no memory.
      const known = this.parser.need + LOOKAHEAD;
      let capacity = Math.max(length, 1024, this.pending.length * 2);
      const trusted = Math.max(TRUSTED_ALLOCATION, capacity, length * TRUSTED_RATIO);
      if (known >= length && known <= trusted) capacity = known;
      const bigger = Buffer.allocUnsafeSlow(capacity);
      this.pending.copy(bigger, 0, 0, this.pendingLength);
      this.pending = bigger;
    }
    data.copy(this.pending, this.pendingLength, start, start + count);
    this.pendingLength = length;
  }

  /** One step of the parser; a message that proves too large is refused, and passed over. */
  private parse(bytes: Buffer, start: number, end: number): number {
    const { parser } = this;
    const next = parser.parse(bytes, start, end);
    if (next !== OVERSIZE) return next;
    const tag =
      parser.tagEnd > parser.tagStart && start + parser.tagEnd <= end
        ? readTag(bytes, start + parser.tagStart, start + parser.tagEnd)
        : undefined;
    const size = Math.max(parser.need, end - start);
    this.refuse('chunk_size_limit', `larger than ${this.options.chunkSizeLimit} bytes`, tag, size);
    parser.discard();
    return parser.parse(bytes, start, end);
  }

  private refuse(
    reason: Refusal['reason'],
    message: string,
    tag: string | undefined,
    size: number,
  ): void {
    this.options.onRefused?.({ reason, message, tag, size });
  }

  /** A message is there as a whole: makes it, and delivers it now or when it is inflated. */
  private complete(
    bytes: Buffer,
    start: number,
    end: number,
    size = end - start,
  ): void | Promise<void> {
    const { parser } = this;
    if (parser.discarding) {
      parser.reset();
      return undefined;
    }
    const { kind } = parser;
    if (kind === 'heartbeat') {
      parser.reset();
      this.options.onHeartbeat?.();
      return undefined;
    }
    const option =
      parser.optionEnd > parser.optionStart
        ? new MessageOption(bytes, start + parser.optionStart, start + parser.optionEnd)
        : undefined;
    const tag =
      parser.tagEnd < 0
        ? undefined
        : readTag(bytes, start + parser.tagStart, start + parser.tagEnd);
    const bodyStart = start + parser.bodyStart;
    const bodyEnd = start + parser.bodyEnd;
    parser.reset();
    if (size > this.options.chunkSizeLimit) {
      this.refuse(
        'chunk_size_limit',
        `larger than ${this.options.chunkSizeLimit} bytes`,
        tag,
        size,
      );
      return undefined;
    }

    if (kind === 'packed') {
      const payload = bytes.subarray(bodyStart, bodyEnd);
      const compressed = option?.compressed;
      if (compressed !== undefined && compressed !== 'text') {
        return this.inflate(payload, compressed, tag, option, size);
      }
      this.deliverPacked('packed_forward', tag, payload, option, size);
    } else if (kind === 'entries') {
      this.deliver(
        'forward',
        tag,
        bytes.subarray(bodyStart, bodyEnd),
        parser.entries,
        parser.invalid,
        parser.zeroTimes,
        parser.extensions,
        option,
        size,
      );
    } else {
      // The time and the record lie side by side; an entry has its array's head before them.
      const entry = Buffer.allocUnsafe(1 + bodyEnd - bodyStart);
      entry[0] = 0x92;
      bytes.copy(entry, 1, bodyStart, bodyEnd);
      this.deliverPacked('message', tag, entry, option, size);
    }
    return undefined;
  }

  private async inflate(
    payload: Buffer,
    compressed: string,
    tag: string | undefined,
    option: MessageOption | undefined,
    size: number,
  ): Promise<void> {
    const limit = this.options.decompressionSizeLimit;
    const unsupported = unsupportedReason(compressed);
    if (unsupported !== undefined) {
      this.refuse('unsupported_compression', unsupported, tag, size);
      return;
    }
    const inflated = await decompress(payload, compressed, limit);
    if (inflated === undefined) {
      this.refuse('decompression_size_limit', `inflates to more than ${limit} bytes`, tag, size);
      return;
    }
    this.deliverPacked('compressed_packed_forward', tag, inflated, option, size);
  }

  private deliverPacked(
    mode: ForwardMode,
    tag: string | undefined,
    payload: Buffer,
    option: MessageOption | undefined,
    size: number,
  ): void {
    const signal = option?.signal ?? 'logs';
    if (signal !== 'logs') {
      this.options.onMessage(
        new ReadMessage(
          mode,
          tag ?? '',
          EventStream.empty,
          size,
          0,
          tag === undefined,
          signal,
          payload,
          option,
          this.format ?? 'msgpack',
        ),
      );
      return;
    }
    const counts = resetScan();
    scanEntries(payload, 0, payload.length, Infinity);
    if (counts.status !== 0) {
      throw new ForwardProtocolError(
        'ERR_SLUICE_FORWARD_BROKEN_ENTRIES',
        counts.status === INCOMPLETE
          ? 'the packed entries end within an entry'
          : 'the packed entries are not MessagePack',
      );
    }
    this.deliver(
      mode,
      tag,
      payload,
      counts.entries,
      counts.invalid,
      counts.zeroTimes,
      counts.extensions,
      option,
      size,
    );
  }

  private deliver(
    mode: ForwardMode,
    tag: string | undefined,
    entriesBytes: Buffer,
    entries: number,
    invalid: number,
    zeroTimes: number,
    extensions: boolean,
    option: MessageOption | undefined,
    size: number,
  ): void {
    let bytes = entriesBytes;
    if (tag === undefined) invalid = entries;
    if (invalid > 0 && !this.options.skipInvalidEvents) {
      const what =
        tag === undefined
          ? 'the tag is no string'
          : `${invalid} of ${entries} entries are no [time, record]`;
      this.refuse('invalid_event', what, tag, size);
      return;
    }
    if (invalid === entries) bytes = EMPTY;
    else if (invalid + zeroTimes > 0)
      bytes = repairEntries(bytes, 0, bytes.length, EventTime.now());
    const stream = EventStream.fromScanned(bytes, entries - invalid, extensions);
    this.options.onMessage(
      new ReadMessage(
        mode,
        tag ?? '',
        stream,
        size,
        invalid,
        tag === undefined,
        'logs',
        undefined,
        option,
        this.format ?? 'msgpack',
      ),
    );
  }
}

const EMPTY = Buffer.alloc(0);

class ReadMessage implements ForwardMessage {
  constructor(
    readonly mode: ForwardMode,
    readonly tag: string,
    readonly stream: EventStream,
    readonly size: number,
    readonly invalid: number,
    readonly invalidTag: boolean,
    readonly signal: ForwardSignal,
    readonly payload: Buffer | undefined,
    private readonly rawOption: MessageOption | undefined,
    readonly format: 'msgpack' | 'json',
  ) {}

  get chunk(): string | undefined {
    return this.rawOption?.chunk;
  }

  get compressed(): string | undefined {
    return this.rawOption?.compressed;
  }

  get option(): EventRecord | undefined {
    return this.rawOption?.decode();
  }
}
