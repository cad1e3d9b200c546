import { MessageAssembler, type Envelope } from './assembler.js';
import { ForwardProtocolError } from './errors.js';
import { JsonReader } from './json/reader.js';
import type { ForwardMode } from './message.js';
import { MessageParser, OVERSIZE } from './message-parser.js';
import { LONGEST_ID, MessageOption } from './option.js';
import { PooledMemory } from './pooled-memory.js';
import {
  readerSettings,
  type ForwardReaderOptions,
  type ReaderSettings,
} from './reader-options.js';
import { SingleEvent } from './single-event.js';
import { readTag } from './tag-cache.js';

// How far beyond the known need a cut message takes from the next read: room for its option.
const LOOKAHEAD = 512;
const ENTRIES_LOOKAHEAD = 16 * 1024;
// The longest id fits into it.
const LONGEST_OPTION = 2 * LONGEST_ID;
// An announced length is believed up to this many bytes before they are there.
const TRUSTED_ALLOCATION = 256 * 1024;
const TRUSTED_RATIO = 16;

/**
 * Bytes of a connection in, messages out. Linear in the bytes however they are cut: a message
 * that lies within one read is a view on it, one that is cut is copied together once and never
 * scanned again from its start.
 */
export class ForwardReader {
  private readonly settings: ReaderSettings;
  private readonly assembler: MessageAssembler;
  private readonly parser: MessageParser;
  private readonly single: SingleEvent;
  /** Where a message that is cut is collected. */
  private pending: PooledMemory | undefined;
  private pendingLength = 0;
  private tail: Promise<void> | undefined;
  private failure: Error | undefined;
  private format: 'msgpack' | 'json' | undefined;
  private json: JsonReader | undefined;
  /** Messages in JSON that are not through. */
  private jsonWait: Promise<void> | undefined;

  constructor(options: ForwardReaderOptions) {
    this.settings = readerSettings(options);
    this.assembler = new MessageAssembler(this.settings);
    this.single = new SingleEvent(this.settings);
    this.parser = new MessageParser(this.settings.chunkSizeLimit, this.settings.eventSizeLimit);
  }

  /** Bytes of a message that has begun and not ended. */
  get bufferedBytes(): number {
    return this.json?.bufferedBytes ?? this.pendingLength;
  }

  /**
   * Bytes that the message that has begun takes, as far as is known: what its peer has announced, or
   * what has come of it.
   */
  get neededBytes(): number {
    if (this.json !== undefined) return this.json.bufferedBytes;
    return this.pendingLength === 0 ? 0 : Math.max(this.parser.need, this.pendingLength);
  }

  /** Ends the reader: a payload that waits to be inflated does not wait any more. */
  close(): void {
    this.failure ??= new ForwardProtocolError('ERR_SLUICE_FORWARD_CLOSED', 'the reader is closed');
    this.assembler.close();
    this.drop();
  }

  /**
   * Takes the next bytes of the connection. They must stay as they are until this returns or its
   * promise has settled, and as long as anybody looks at a message that lies in them: one whose
   * `memory` is undefined.
   *
   * @returns a promise where a payload is being inflated, or so large that it is looked through in
   *   steps: whoever reads from a socket waits for it before the next read. Bytes pushed meanwhile are kept and their messages stay in order.
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
    return this.wait(
      this.tail.then(() => {
        if (this.failure !== undefined) throw this.failure;
        return this.consume(data);
      }),
    );
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
    this.assembler.newTurn();
    if (this.format === undefined) {
      if (data.length === 0) return undefined;
      this.format = data[0] === 0x5b || data[0] === 0x7b ? this.startJson() : 'msgpack';
    }
    if (this.json !== undefined) {
      return this.consumeJson(this.json, data);
    }
    return this.consumeMsgpack(data);
  }

  private startJson(): 'json' {
    if (!this.settings.json) {
      throw new ForwardProtocolError(
        'ERR_SLUICE_FORWARD_JSON_REFUSED',
        'the peer speaks JSON where only MessagePack is allowed',
      );
    }
    const { assembler } = this;
    const { jsonSizeLimit, chunkSizeLimit } = this.settings;
    const limit = Math.min(jsonSizeLimit, chunkSizeLimit);
    this.json = new JsonReader(limit, {
      onText: (packed, size) => {
        const before = this.jsonWait;
        const complete = () => this.completeJson(packed, size);
        this.jsonWait = (before === undefined ? complete() : before.then(complete)) ?? undefined;
      },
      onOversize: (size) =>
        assembler.refuse(
          limit === chunkSizeLimit ? 'chunk_size_limit' : 'json_size_limit',
          `larger than ${limit} bytes`,
          { tag: undefined, size },
        ),
    });
    return 'json';
  }

  private consumeJson(json: JsonReader, data: Buffer): void | Promise<void> {
    try {
      json.push(data);
    } catch (error) {
      // What came before is still brought to its end.
      this.jsonWait?.catch(() => undefined);
      throw error;
    }
    const wait = this.jsonWait;
    this.jsonWait = undefined;
    return wait;
  }

  /** A message in JSON goes the way of all others, once it is MessagePack. */
  private completeJson(bytes: Buffer, size: number): void | Promise<void> {
    const end = this.parser.parse(bytes, 0, bytes.length);
    if (end !== bytes.length || this.parser.kind === 'packed') {
      throw new ForwardProtocolError(
        'ERR_SLUICE_FORWARD_NOT_A_MESSAGE',
        'not a forward message in JSON',
      );
    }
    return this.complete(bytes, 0, end, undefined, size);
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
      const memory = this.pending!;
      const { bytes } = memory;
      const length = this.pendingLength;
      const next = this.parse(bytes, 0, length);
      if (next >= 0) {
        // What was taken too much is still in the read.
        pos -= length - next;
        this.pendingLength = 0;
        this.pending = undefined;
        const wait = this.completeCollected(memory, next);
        if (wait !== undefined) return this.resume(wait, data, pos);
      } else if (parser.discarding) {
        this.pending = undefined;
        this.keep(bytes, parser.dropped(length), length);
        memory.release();
      }
    }
    while (pos < end) {
      if (this.settings.ownsBytes && parser.atStart && this.single.find(data, pos, end)) {
        pos = this.single.end;
        const wait = this.deliverSingle(data);
        if (wait !== undefined) return this.resume(wait, data, pos);
        continue;
      }
      const next = this.parse(data, pos, end);
      if (next >= 0) {
        const start = pos;
        pos = next;
        const wait = this.complete(data, start, next, undefined);
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

  private deliverSingle(data: Buffer): void | Promise<void> {
    const { single } = this;
    const { start, end, tag, option } = single;
    const envelope: Envelope = {
      mode: 'message',
      tag,
      size: end - start,
      option,
      format: 'msgpack',
      memory: undefined,
    };
    return this.assembler.scanned(
      data.subarray(single.entryStart, single.entryEnd),
      single,
      envelope,
    );
  }

  private async resume(wait: Promise<void>, data: Buffer, pos: number): Promise<void> {
    await wait;
    if (this.failure !== undefined) throw this.failure;
    if (pos < data.length) await this.consume(data.subarray(pos));
  }

  /** Begins to collect a message that is cut. */
  private keep(bytes: Buffer, start: number, end: number): void {
    this.drop();
    if (end > start) this.append(bytes, start, end - start);
  }

  private drop(): void {
    this.pending?.discard();
    this.pending = undefined;
    this.pendingLength = 0;
  }

  private append(data: Buffer, start: number, count: number): void {
    const length = this.pendingLength + count;
    const before = this.pending;
    const size = before?.bytes.length ?? 0;
    let memory = before;
    if (memory === undefined || length > size) {
      // Doubling keeps the copying linear. A known need is allocated at once where it is small, or
      // where a good part of it has come: what a peer announces alone takes no memory.
      const known = this.parser.need + LOOKAHEAD;
      // A need that grows with every piece must not replace the doubling.
      const doubled = Math.max(length, 1024, size * 2);
      const trusted = Math.max(TRUSTED_ALLOCATION, length * TRUSTED_RATIO);
      memory = PooledMemory.take(known > doubled && known <= trusted ? known : doubled);
      before?.bytes.copy(memory.bytes, 0, 0, this.pendingLength);
      before?.discard();
      this.pending = memory;
    }
    data.copy(memory.bytes, this.pendingLength, start, start + count);
    this.pendingLength = length;
  }

  /** One step of the parser; a message that proves too large is refused, and passed over. */
  private parse(bytes: Buffer, start: number, end: number): number {
    const { parser } = this;
    const next = parser.parse(bytes, start, end);
    if (next !== OVERSIZE) return next;
    const tag =
      parser.tagEnd > parser.tagStart && start + parser.tagEnd <= end
        ? this.tag(bytes, start)
        : undefined;
    const size = Math.max(parser.need, end - start);
    if (parser.eventTooLarge) this.assembler.refuseEvent({ tag, size });
    else this.assembler.refuse('chunk_size_limit', this.tooLarge, { tag, size });
    parser.discard();
    return parser.parse(bytes, start, end);
  }

  /** A message that was cut is there as a whole. */
  private completeCollected(memory: PooledMemory, end: number): void | Promise<void> {
    let wait: void | Promise<void>;
    try {
      wait = this.complete(memory.bytes, 0, end, memory);
    } catch (error) {
      memory.release();
      throw error;
    }
    if (wait !== undefined) return releasing(wait, memory);
    memory.discard();
    return undefined;
  }

  /** A message is there as a whole: makes it, and delivers it now or when it is inflated. */
  private complete(
    bytes: Buffer,
    start: number,
    end: number,
    memory: PooledMemory | undefined,
    size = end - start,
  ): void | Promise<void> {
    const { parser, assembler, settings } = this;
    const { kind } = parser;
    const discarded = parser.discarding;
    const { eventTooLarge } = parser;
    parser.reset();
    if (discarded) return undefined;
    if (kind === 'heartbeat') {
      settings.onHeartbeat?.();
      return undefined;
    }
    const envelope: Envelope = {
      mode: MODES[kind],
      tag: parser.tagEnd < 0 ? undefined : this.tag(bytes, start),
      size,
      option:
        parser.optionEnd > parser.optionStart
          ? new MessageOption(bytes, start + parser.optionStart, start + parser.optionEnd)
          : undefined,
      format: this.json === undefined ? 'msgpack' : 'json',
      memory,
    };
    if (size > settings.chunkSizeLimit) {
      assembler.refuse('chunk_size_limit', this.tooLarge, envelope);
      return undefined;
    }
    if (parser.tagEnd - parser.tagStart > settings.tagSizeLimit) {
      const tagSize = parser.tagEnd - parser.tagStart;
      const message = `a tag of ${tagSize} bytes is longer than ${settings.tagSizeLimit}`;
      assembler.refuse('tag_size_limit', message, envelope);
      return undefined;
    }
    const optionSize = parser.optionEnd - parser.optionStart;
    if (optionSize > LONGEST_OPTION) {
      const message = `an option of ${optionSize} bytes is longer than ${LONGEST_OPTION}`;
      assembler.refuse('option_size_limit', message, envelope);
      return undefined;
    }
    if (envelope.option?.isIdTooLong === true) {
      assembler.refuse(
        'chunk_id_size_limit',
        `a chunk id is longer than ${LONGEST_ID} bytes`,
        envelope,
      );
      return undefined;
    }
    if (eventTooLarge) {
      assembler.refuseEvent(envelope);
      return undefined;
    }
    const bodyStart = start + parser.bodyStart;
    const bodyEnd = start + parser.bodyEnd;
    if (kind === 'entries') {
      return assembler.scanned(bytes.subarray(bodyStart, bodyEnd), parser, envelope);
    }
    if (kind === 'message') {
      // The time and the record lie side by side; an entry has its array's head before them.
      const entry = Buffer.allocUnsafe(1 + bodyEnd - bodyStart);
      entry[0] = 0x92;
      bytes.copy(entry, 1, bodyStart, bodyEnd);
      envelope.memory = undefined;
      return assembler.packed(entry, envelope);
    }
    const payload = bytes.subarray(bodyStart, bodyEnd);
    const compression = envelope.option?.compressed;
    if (compression !== undefined && compression !== 'text') {
      envelope.mode = 'compressed_packed_forward';
      return assembler.compressed(payload, compression, envelope);
    }
    return assembler.packed(payload, envelope);
  }

  /** The tag; of one that is too long, as much as the limit lets in. */
  private tag(bytes: Buffer, start: number): string {
    const { tagStart, tagEnd } = this.parser;
    const end = Math.min(tagEnd, tagStart + this.settings.tagSizeLimit);
    return readTag(bytes, start + tagStart, start + end);
  }

  private get tooLarge(): string {
    return `larger than ${this.settings.chunkSizeLimit} bytes`;
  }
}

async function releasing(wait: Promise<void>, memory: PooledMemory): Promise<void> {
  try {
    await wait;
  } catch (error) {
    memory.release();
    throw error;
  }
  memory.discard();
}

const MODES: Record<'packed' | 'entries' | 'message', ForwardMode> = {
  packed: 'packed_forward',
  entries: 'forward',
  message: 'message',
};
