import { MAX_DEPTH } from '@sluice/event-stream/packed';
import { malformed } from './malformed.js';
import { Packer } from './packer.js';

// A message has two arrays around a record.
const DEEPEST = MAX_DEPTH + 2;
// No number of a log has more digits.
const LONGEST_NUMBER = 1024;

/** What is expected next. */
const enum State {
  /** A text begins. */
  Outside,
  Value,
  /** After the opening bracket of an array. */
  ValueOrEnd,
  Key,
  /** After the opening brace of an object. */
  KeyOrEnd,
  Colon,
  CommaOrEnd,
  Text,
  Escape,
  /** The digits of `\u`. */
  Hex,
  Number,
  /** The rest of `null`, `true`, `false`. */
  Word,
}

const WORDS: Readonly<Record<number, readonly [text: string, packed: number]>> = {
  0x66: ['false', 0xc2],
  0x6e: ['null', 0xc0],
  0x74: ['true', 0xc3],
};
const ESCAPES: Readonly<Record<number, number>> = {
  0x22: 0x22,
  0x2f: 0x2f,
  0x5c: 0x5c,
  0x62: 0x08,
  0x66: 0x0c,
  0x6e: 0x0a,
  0x72: 0x0d,
  0x74: 0x09,
};
const REPLACEMENT = 0xfffd;

/** What a {@link JsonReader} finds. */
export interface JsonFound {
  /** A text, as MessagePack, and its size in JSON. */
  onText: (packed: Buffer, size: number) => void;
  /** A text went beyond the limit and is passed over. */
  onOversize: (size: number) => void;
}

/**
 * Turns a run of JSON texts, with or without whitespace between, into MessagePack as the bytes
 * come: each is looked at once, nothing is built that is larger than the MessagePack, and integers
 * of 64 bits keep all their digits.
 */
export class JsonReader {
  private state = State.Outside;
  private readonly packer = new Packer();
  /** Of each container that is open, whether it is an object. */
  private readonly objects: boolean[] = [];
  private isKey = false;
  private dropping = false;
  /** Bytes of the text so far. */
  private size = 0;
  /** A number, a word, or the digits of an escape, as far as they have come. */
  private part = '';
  private packed = 0;
  /** The first half of a surrogate pair. */
  private high = 0;

  constructor(
    private readonly limit: number,
    private readonly found: JsonFound,
  ) {}

  /** Bytes of memory for a text that has begun and not ended. */
  get bufferedBytes(): number {
    return this.state === State.Outside ? 0 : Math.max(this.packer.held, this.size);
  }

  /** @throws ForwardProtocolError where the bytes are not JSON */
  push(data: Buffer): void {
    for (let pos = 0; pos < data.length;) {
      // A text is cut where it goes beyond the limit, wherever the read ends.
      const left = this.dropping ? Infinity : this.limit + 1 - this.size;
      const end = Math.min(data.length, pos + left);
      const next = this.run(data, pos, end);
      if (this.state !== State.Outside) this.size += next - pos;
      if (!this.dropping && this.size > this.limit) {
        this.dropping = true;
        this.packer.drop();
        this.found.onOversize(this.size);
      }
      pos = next;
    }
  }

  /** Goes on to `end`, or to the end of a text. */
  private run(data: Buffer, start: number, end: number): number {
    let pos = start;
    while (pos < end) {
      switch (this.state) {
        case State.Text:
          pos = this.text(data, pos, end);
          break;
        case State.Escape:
          this.escape(data[pos++]);
          break;
        case State.Hex:
          this.hex(data[pos++]);
          break;
        case State.Number:
          pos = this.digits(data, pos, end);
          break;
        case State.Word:
          this.word(data[pos++]);
          break;
        default: {
          const byte = data[pos++];
          if (isSpace(byte)) {
            if (this.state === State.Outside) continue;
          } else if (this.state === State.Outside) {
            this.begin(byte);
            // The text begins here, not where this run has begun.
            this.size = start - (pos - 1);
          } else if (this.structure(byte)) {
            this.finish(this.size + pos - start);
            return pos;
          }
        }
      }
    }
    return pos;
  }

  private begin(byte: number): void {
    if (byte === 0x5d || byte === 0x7d) throw malformed('closes what is not open');
    if (byte !== 0x5b && byte !== 0x7b) throw malformed('no array or object');
    this.open(byte === 0x7b);
  }

  private finish(size: number): void {
    const dropped = this.dropping;
    this.state = State.Outside;
    this.size = 0;
    this.dropping = false;
    if (dropped) return;
    if (size > this.limit) {
      this.packer.drop();
      this.found.onOversize(size);
    } else {
      this.found.onText(this.packer.take(), size);
    }
  }

  /** @returns true where the byte ends the text */
  private structure(byte: number): boolean {
    switch (this.state) {
      case State.Colon:
        if (byte !== 0x3a) throw unexpected(byte);
        this.state = State.Value;
        return false;
      case State.CommaOrEnd:
        if (byte === 0x2c) {
          this.state = this.objects.at(-1) === true ? State.Key : State.Value;
          return false;
        }
        return this.close(byte);
      case State.KeyOrEnd:
      case State.Key:
        if (byte === 0x22) {
          this.beginText(true);
          return false;
        }
        if (this.state === State.KeyOrEnd) return this.close(byte);
        throw unexpected(byte);
      case State.ValueOrEnd:
        if (byte === 0x5d) return this.close(byte);
        break;
      default:
    }
    this.value(byte);
    return false;
  }

  private value(byte: number): void {
    if (byte === 0x22) {
      this.beginText(false);
    } else if (byte === 0x5b || byte === 0x7b) {
      this.open(byte === 0x7b);
    } else if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) {
      this.part = String.fromCharCode(byte);
      this.state = State.Number;
    } else if (byte in WORDS) {
      [this.part, this.packed] = WORDS[byte];
      this.part = this.part.slice(1);
      this.state = State.Word;
    } else {
      throw unexpected(byte);
    }
  }

  private open(isObject: boolean): void {
    if (this.objects.push(isObject) > DEEPEST) throw malformed('nested too deep');
    if (!this.dropping) this.packer.open(isObject);
    this.state = isObject ? State.KeyOrEnd : State.ValueOrEnd;
  }

  private close(byte: number): boolean {
    if (byte !== (this.objects.at(-1) === true ? 0x7d : 0x5d)) throw unexpected(byte);
    this.objects.pop();
    if (!this.dropping) this.packer.close();
    this.state = State.CommaOrEnd;
    return this.objects.length === 0;
  }

  private beginText(isKey: boolean): void {
    this.isKey = isKey;
    if (!this.dropping) this.packer.openText();
    this.state = State.Text;
  }

  private text(data: Buffer, start: number, end: number): number {
    let pos = start;
    let byte = 0;
    while (pos < end && (byte = data[pos]) !== 0x22 && byte !== 0x5c && byte >= 0x20) pos++;
    if (pos > start) {
      this.lone();
      if (!this.dropping) this.packer.text(data, start, pos);
    }
    if (pos === end) return pos;
    if (byte < 0x20) throw malformed('a control character in a string');
    if (byte === 0x5c) {
      this.state = State.Escape;
    } else {
      this.lone();
      if (!this.dropping) this.packer.closeText();
      this.state = this.isKey ? State.Colon : State.CommaOrEnd;
    }
    return pos + 1;
  }

  private escape(byte: number): void {
    if (byte === 0x75) {
      this.part = '';
      this.state = State.Hex;
      return;
    }
    const code = ESCAPES[byte] as number | undefined;
    if (code === undefined) throw malformed('an unknown escape in a string');
    this.lone();
    this.character(code);
    this.state = State.Text;
  }

  private hex(byte: number): void {
    this.part += String.fromCharCode(byte);
    if (this.part.length < 4) return;
    if (!/^[0-9a-fA-F]{4}$/.test(this.part)) throw malformed('an unknown escape in a string');
    const code = Number.parseInt(this.part, 16);
    this.state = State.Text;
    if (this.high !== 0 && code >= 0xdc00 && code < 0xe000) {
      this.character(0x10000 + ((this.high - 0xd800) << 10) + code - 0xdc00);
      this.high = 0;
      return;
    }
    this.lone();
    if (code >= 0xd800 && code < 0xdc00) this.high = code;
    else this.character(code >= 0xdc00 && code < 0xe000 ? REPLACEMENT : code);
  }

  /** Half of a surrogate pair without the other is not a character. */
  private lone(): void {
    if (this.high === 0) return;
    this.high = 0;
    this.character(REPLACEMENT);
  }

  private character(code: number): void {
    if (!this.dropping) this.packer.character(code);
  }

  private digits(data: Buffer, start: number, end: number): number {
    let pos = start;
    while (pos < end && isOfNumber(data[pos])) pos++;
    if (this.part.length + pos - start > LONGEST_NUMBER) throw malformed('a number is too long');
    this.part += data.toString('latin1', start, pos);
    if (pos < end) {
      if (!this.dropping) this.packer.number(this.part);
      this.state = State.CommaOrEnd;
    }
    return pos;
  }

  private word(byte: number): void {
    if (byte !== this.part.charCodeAt(0)) throw unexpected(byte);
    this.part = this.part.slice(1);
    if (this.part.length > 0) return;
    if (!this.dropping) this.packer.constant(this.packed);
    this.state = State.CommaOrEnd;
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** A digit, or one of `+-.eE`. */
function isOfNumber(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2e ||
    byte === 0x2d ||
    byte === 0x2b ||
    (byte | 0x20) === 0x65
  );
}

function unexpected(byte: number): Error {
  return malformed(`unexpected byte 0x${byte.toString(16).padStart(2, '0')}`);
}
