import {
  INCOMPLETE,
  MALFORMED,
  ValueSkipper,
  bodySize,
  childCount,
  headSize,
  isArray,
  isBinary,
  isString,
  scanEntries,
} from '@sluice/event-stream/packed';
import { ForwardProtocolError } from './errors.js';
import { isTooLarge } from './scan-steps.js';

/** The message goes beyond the limit: it is to be passed over. */
export const OVERSIZE = -3;

const HEAD = 0;
const TAG = 1;
const BODY = 2;
const PAYLOAD = 3;
const ENTRIES = 4;
const RECORD = 5;
const OPTION = 6;
const DISCARD = 7;

/** What the second element of a message is. */
export type BodyKind = 'heartbeat' | 'packed' | 'entries' | 'message';

/**
 * Finds the parts of one message in bytes that may not all be there yet. All positions that it
 * keeps are relative to the start of the message, so that the bytes may move between two calls;
 * what has been looked at is not looked at again.
 */
export class MessageParser {
  kind: BodyKind = 'heartbeat';
  tagStart = 0;
  /** -1 where the tag is not a string. */
  tagEnd = 0;
  bodyStart = 0;
  bodyEnd = 0;
  optionStart = 0;
  /** Equal to the start where there is no option. */
  optionEnd = 0;
  /** Of the entries of Forward mode. */
  entries = 0;
  invalid = 0;
  zeroTimes = 0;
  extensions = false;
  /** One event of the message is beyond the limits. */
  eventTooLarge = false;
  /** How many bytes of the message must be there before it is worth going on. */
  need = 1;

  private phase = HEAD;
  private pos = 0;
  private elements = 0;
  private entriesLeft = 0;
  private skipping = false;
  private readonly skipper = new ValueSkipper();

  constructor(
    private readonly limit: number,
    private readonly eventSizeLimit: number,
  ) {}

  /** Makes ready for the next message. */
  reset(): void {
    this.phase = HEAD;
    this.pos = 0;
    this.skipping = false;
    this.eventTooLarge = false;
    this.need = 1;
  }

  /** Whether the end of the message can be told from what has been seen. */
  get endKnown(): boolean {
    return this.phase !== ENTRIES;
  }

  /** Nothing has been seen of a message. */
  get atStart(): boolean {
    return this.phase === HEAD;
  }

  get discarding(): boolean {
    return this.phase === DISCARD;
  }

  /**
   * @param base - where the message begins in `bytes`
   * @returns the position after the message, {@link INCOMPLETE}, or {@link OVERSIZE} for an
   *   incomplete one (one that came whole is for the caller to measure)
   * @throws {@link ForwardProtocolError} where the bytes are not a message
   */
  parse(bytes: Buffer, base: number, end: number): number {
    if (this.phase === DISCARD) return this.skip(bytes, base, end);
    const next = this.step(bytes, base, end);
    if (next >= 0) return next;
    if (this.eventTooLarge) return OVERSIZE;
    return Math.max(this.need, end - base) > this.limit ? OVERSIZE : next;
  }

  /** After {@link OVERSIZE} of an incomplete message: passes over what is still to come of it. */
  discard(): void {
    const { skipper } = this;
    switch (this.phase) {
      case PAYLOAD:
        skipper.start(this.bodyEnd, this.elements - 1);
        break;
      case ENTRIES:
        if (this.skipping) skipper.remaining += this.entriesLeft - 1 + this.elements - 1;
        else skipper.start(this.pos, this.entriesLeft + this.elements - 1);
        break;
      default:
        if (this.skipping) skipper.remaining += this.elements - 1;
        else skipper.start(this.pos, this.elements);
    }
    this.phase = DISCARD;
  }

  /** In a discarded message: how many of `length` bytes are done with. */
  dropped(length: number): number {
    const count = Math.min(this.skipper.pos, length);
    this.skipper.pos -= count;
    this.need = 1;
    return count;
  }

  private step(bytes: Buffer, base: number, end: number): number {
    if (this.phase === HEAD) {
      if (base >= end) return this.wait(1);
      const first = bytes[base];
      if (first === 0xc0) {
        this.kind = 'heartbeat';
        return base + 1;
      }
      if (!isArray(first)) throw notAMessage(first);
      const head = headSize(first);
      if (base + head > end) return this.wait(head);
      this.elements = childCount(bytes, base);
      if (this.elements < 2) throw notAMessage(first);
      this.pos = head;
      this.phase = TAG;
    }

    if (this.phase === TAG) {
      const at = base + this.pos;
      if (at >= end) return this.wait(this.pos + 1);
      const first = bytes[at];
      if (isString(first) || isBinary(first)) {
        const head = headSize(first);
        if (at + head > end) return this.wait(this.pos + head);
        this.tagStart = this.pos + head;
        this.tagEnd = this.tagStart + bodySize(bytes, at);
        if (base + this.tagEnd > end) return this.wait(this.tagEnd);
        this.pos = this.tagEnd;
      } else {
        const next = this.skip(bytes, base, end);
        if (next < 0) return next;
        this.tagEnd = -1;
      }
      this.elements--;
      this.phase = BODY;
    }

    if (this.phase === BODY) {
      const at = base + this.pos;
      if (at >= end) return this.wait(this.pos + 1);
      const first = bytes[at];
      if (isString(first) || isBinary(first)) {
        const head = headSize(first);
        if (at + head > end) return this.wait(this.pos + head);
        this.kind = 'packed';
        this.bodyStart = this.pos + head;
        this.bodyEnd = this.bodyStart + bodySize(bytes, at);
        this.phase = PAYLOAD;
      } else if (isArray(first)) {
        const head = headSize(first);
        if (at + head > end) return this.wait(this.pos + head);
        this.kind = 'entries';
        this.entriesLeft = childCount(bytes, at);
        this.pos += head;
        this.bodyStart = this.pos;
        this.entries = 0;
        this.invalid = 0;
        this.zeroTimes = 0;
        this.extensions = false;
        this.phase = ENTRIES;
      } else {
        if (!this.skipping) this.bodyStart = this.pos;
        const next = this.skip(bytes, base, end);
        if (next < 0) return next;
        this.elements--;
        if (this.elements < 1) throw notAMessage(bytes[base]);
        this.kind = 'message';
        this.phase = RECORD;
      }
    }

    if (this.phase === PAYLOAD) {
      if (base + this.bodyEnd > end) return this.wait(this.bodyEnd);
      this.pos = this.bodyEnd;
      this.elements--;
      this.phase = OPTION;
    } else if (this.phase === ENTRIES) {
      const next = this.scanArray(bytes, base, end);
      if (next < 0) return next;
      this.bodyEnd = this.pos;
      this.elements--;
      this.phase = OPTION;
    } else if (this.phase === RECORD) {
      const next = this.skip(bytes, base, end);
      this.checkEvent((next < 0 ? end : next) - base - this.bodyStart);
      if (next < 0) return next;
      this.bodyEnd = this.pos;
      this.elements--;
      this.phase = OPTION;
    }

    // The option, and whatever a later version of the protocol may put after it.
    if (!this.skipping) {
      this.optionStart = this.pos;
      this.optionEnd = this.pos;
    }
    while (this.elements > 0) {
      const next = this.skip(bytes, base, end);
      if (next < 0) return next;
      if (this.optionEnd === this.optionStart) this.optionEnd = this.pos;
      this.elements--;
    }
    return base + this.pos;
  }

  /** The entries of Forward mode are found and validated in one pass. */
  private scanArray(bytes: Buffer, base: number, end: number): number {
    if (this.entriesLeft > this.limit) return this.wait(this.entriesLeft);
    for (;;) {
      if (this.skipping) {
        // An entry that was cut: find its end first, then scan it as a whole.
        const start = this.pos;
        const next = this.skip(bytes, base, end);
        this.checkEvent((next < 0 ? end : next) - base - start);
        if (next < 0) return next;
        this.pos = start;
      }
      const counts = scanEntries(bytes, base + this.pos, end, this.entriesLeft);
      this.pos = counts.end - base;
      this.entriesLeft -= counts.entries;
      this.entries += counts.entries;
      this.invalid += counts.invalid;
      this.zeroTimes += counts.zeroTimes;
      if (counts.extensions) this.extensions = true;
      if (this.entriesLeft === 0) return base + this.pos;
      if (counts.status === MALFORMED) throw malformed();
      this.skipper.start(this.pos);
      this.skipping = true;
    }
  }

  /** @param size - of the event that was just skipped, as far as it has come */
  private checkEvent(size: number): void {
    if (isTooLarge(size, this.skipper.values, this.eventSizeLimit)) this.eventTooLarge = true;
  }

  private skip(bytes: Buffer, base: number, end: number): number {
    const { skipper } = this;
    if (!this.skipping && this.phase !== DISCARD) {
      skipper.start(this.pos);
      this.skipping = true;
    }
    skipper.pos += base;
    const next = skipper.advance(bytes, end);
    skipper.pos -= base;
    if (next === MALFORMED) throw malformed();
    if (next === INCOMPLETE) {
      return this.wait(Math.max(skipper.pos + (skipper.remaining > 0 ? 1 : 0), end - base + 1));
    }
    this.skipping = false;
    this.pos = next - base;
    return next;
  }

  private wait(need: number): number {
    this.need = need;
    return INCOMPLETE;
  }
}

function malformed(): ForwardProtocolError {
  return new ForwardProtocolError('ERR_SLUICE_FORWARD_MALFORMED', 'not MessagePack (byte 0xc1)');
}

function notAMessage(first: number): ForwardProtocolError {
  return new ForwardProtocolError(
    'ERR_SLUICE_FORWARD_NOT_A_MESSAGE',
    `not a forward message (first byte 0x${first.toString(16).padStart(2, '0')})`,
  );
}
