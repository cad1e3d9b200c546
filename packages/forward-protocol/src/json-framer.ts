import { MAX_DEPTH } from '@sluice/event-stream/packed';
import { ForwardProtocolError } from './errors.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
// A message has two arrays around a record.
const DEEPEST = MAX_DEPTH + 2;

/** What a {@link JsonFramer} finds. */
export interface JsonFrames {
  onText: (text: Buffer) => void;
  /** A text went beyond the limit and is passed over. */
  onOversize: () => void;
}

/**
 * Cuts a run of JSON texts, with or without whitespace between, into single ones. Each byte is
 * looked at once, however the bytes are cut.
 */
export class JsonFramer {
  private depth = 0;
  private inString = false;
  private escaped = false;
  private dropping = false;
  private pieces: Buffer[] = [];
  private size = 0;

  constructor(
    private readonly limit: number,
    private readonly frames: JsonFrames,
  ) {}

  get bufferedBytes(): number {
    return this.size;
  }

  push(data: Buffer): void {
    let start = 0;
    for (let pos = 0; pos < data.length; pos++) {
      const byte = data[pos];
      if (this.inString) {
        if (this.escaped) this.escaped = false;
        else if (byte === BACKSLASH) this.escaped = true;
        else if (byte === QUOTE) this.inString = false;
      } else if (byte === QUOTE && this.depth > 0) {
        this.inString = true;
      } else if (byte === 0x5b || byte === 0x7b) {
        if (this.depth === 0) start = pos;
        if (++this.depth > DEEPEST) throw malformed('JSON nested too deep');
      } else if (byte === 0x5d || byte === 0x7d) {
        if (--this.depth < 0) throw malformed('JSON closes what is not open');
        if (this.depth === 0) this.end(data.subarray(start, pos + 1));
      } else if (this.depth === 0 && !isSpace(byte)) {
        throw malformed('no JSON array or object');
      }
    }
    if (this.depth > 0) this.keep(data.subarray(start));
  }

  private keep(piece: Buffer): void {
    this.size += piece.length;
    if (this.dropping) return;
    if (this.size > this.limit) {
      this.dropping = true;
      this.pieces = [];
      this.frames.onOversize();
      return;
    }
    // Small pieces are joined as they come: a list of them would take many times their size.
    const last = this.pieces.at(-1);
    if (last !== undefined && last.length <= piece.length * 2) {
      this.pieces[this.pieces.length - 1] = Buffer.concat([last, piece]);
      this.settle();
    } else {
      this.pieces.push(Buffer.from(piece));
    }
  }

  /** Keeps the sizes of the pieces falling, so that joining costs O(n log n) at most. */
  private settle(): void {
    const { pieces } = this;
    while (
      pieces.length > 1 &&
      pieces[pieces.length - 2].length <= pieces[pieces.length - 1].length * 2
    ) {
      const last = pieces.pop()!;
      pieces[pieces.length - 1] = Buffer.concat([pieces[pieces.length - 1], last]);
    }
  }

  private end(piece: Buffer): void {
    const size = this.size + piece.length;
    const dropped = this.dropping;
    const { pieces } = this;
    this.pieces = [];
    this.size = 0;
    this.dropping = false;
    if (dropped) return;
    if (size > this.limit) this.frames.onOversize();
    else this.frames.onText(pieces.length === 0 ? piece : Buffer.concat([...pieces, piece], size));
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function malformed(message: string): ForwardProtocolError {
  return new ForwardProtocolError('ERR_SLUICE_FORWARD_MALFORMED', message);
}

/**
 * Parses a text of JSON. Integers beyond 2^53 keep their value where Node.js shows a reviver the
 * source text (from Node 21 on); Node 20 gives the nearest double.
 */
export function parseJson(text: Buffer): unknown {
  const source = text.toString('utf8');
  try {
    if (!/\d{16}/.test(source)) return JSON.parse(source);
    return JSON.parse(source, exactInteger);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ForwardProtocolError('ERR_SLUICE_FORWARD_MALFORMED', `not JSON: ${error.message}`, {
      cause: error,
    });
  }
}

function exactInteger(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const text = context?.source;
  if (text === undefined || !/^-?\d{1,20}$/.test(text)) return value;
  const exact = BigInt(text);
  return BigInt.asIntN(64, exact) === exact || BigInt.asUintN(64, exact) === exact ? exact : value;
}
