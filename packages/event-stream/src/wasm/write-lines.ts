import { isUtf8 } from 'node:buffer';
import { keyTextAt } from '../decode.js';
import type { Line } from '../json-line.js';
import * as writer from '../json-writer.js';
import { EntryCursor } from '../packed/entry-cursor.js';
import { bodySize, headSize as headSizeOf, skipValue } from '../packed/msgpack.js';
import { floatText } from '../packed/ruby-text.js';
import {
  CUT,
  Engine,
  FULL,
  HEAD_AT,
  HEAD_SIZE,
  INPUT_AT,
  INPUT_SIZE,
  LONGEST_NAME,
  MOST_NAMES,
  NAMES_AT,
  OUTPUT_AT,
  SLOW,
  TAIL_AT,
  TAIL_SIZE,
  type EngineImports,
} from './json-lines-engine.js';

let loaded: Engine | 'none' | undefined;
// The engine and what its present run writes: one run at a time.
let engine: Engine;
let line: Line;
let view: DataView;
let inputEnd = 0;
let cursor: EntryCursor;
// The texts that are in the memory.
let headText: string | undefined;
let headSize = 0;
let tailText: string | undefined;
let tailSize = 0;

/** For tests: from now on there is no WebAssembly. @returns gives it back */
export function withoutEngine(): () => void {
  loaded = 'none';
  return () => {
    loaded = undefined;
  };
}

/**
 * Writes lines by copying the stream into the engine's memory, part by part, and its lines out of it.
 *
 * @returns false where nothing is written, since there is no engine or the line is not for it
 */
export function writeWithEngine(bytes: Buffer, lines: Line): boolean {
  loaded ??= Engine.load(imports) ?? 'none';
  if (loaded === 'none') return false;
  engine = loaded;
  view = engine.view;
  line = lines;
  const names = writeNames(line.names);
  if (names < 0) return false;
  const { bytes: memory, run } = engine;
  headText = undefined;
  tailText = undefined;
  cursor = new EntryCursor(memory);
  const timed = Number(line.timed);
  const separate = Number(line.hasFields);
  const entry = new EntryCursor(bytes);
  let head = 0;
  let tail = 0;
  if (timed === 0) {
    head = writeHead(line.head(0, 0));
    entry.next();
    tail = writeTail(entry);
    if (head < 0 || tail < 0) return false;
  }
  for (let at = 0; at < bytes.length;) {
    const size = Math.min(bytes.length - at, INPUT_SIZE);
    bytes.copy(memory, INPUT_AT, at, at + size);
    inputEnd = INPUT_AT + size;
    const final = Number(at + size === bytes.length);
    let pos = INPUT_AT;
    for (let more = true; more;) {
      writer.readFrom(memory);
      const status = run(pos, inputEnd, final, timed, head, separate, tail, names);
      const { next, written } = engine;
      writer.writeBytes(memory, OUTPUT_AT, written);
      const moved = next > pos;
      pos = next;
      if (status === 0 || (status === CUT && pos > INPUT_AT)) break;
      if (status === FULL && moved) continue;
      // One entry that the engine cannot write.
      writer.readFrom(bytes);
      entry.moveTo(at + pos - INPUT_AT);
      pos = INPUT_AT + line.write(entry) - at;
      more = pos < inputEnd;
    }
    at += pos - INPUT_AT;
  }
  return true;
}

function writeHead(text: string): number {
  if (text !== headText) {
    if (text.length * 3 > HEAD_SIZE) return SLOW;
    headSize = engine.bytes.write(text, HEAD_AT);
    headText = text;
  }
  return headSize;
}

/** Writes the text after the record of an entry. @returns its size, or {@link SLOW} */
function writeTail(entry: EntryCursor): number {
  const { changing, newline } = line;
  const { bytes } = engine;
  if (changing === undefined || tailText === undefined) {
    const text = line.tail(entry);
    if (text !== tailText) {
      if (text.length * 3 + newline.length > TAIL_SIZE / 2) return SLOW;
      tailSize = bytes.write(text, TAIL_AT);
      tailText = text;
    }
  }
  let at = TAIL_AT + tailSize;
  if (changing !== undefined) {
    const value = changing(entry);
    if (value.length * 3 > TAIL_SIZE / 2) return SLOW;
    for (let n = 0; n < value.length; n++) {
      const code = value.charCodeAt(n);
      if (code > 0x7f) {
        at += bytes.write(value.slice(n), at);
        break;
      }
      bytes[at++] = code;
    }
  }
  bytes[at++] = 0x7d;
  for (const byte of newline) bytes[at++] = byte;
  engine.setTail(at - TAIL_AT);
  return at - TAIL_AT;
}

/** @returns a bit for each size of a name; -1 where they are not for the engine */
function writeNames(names: readonly Buffer[]): number {
  if (names.length > MOST_NAMES) return -1;
  const { bytes } = engine;
  let at = NAMES_AT;
  let sizes = 0;
  for (const name of names) {
    const { length } = name;
    if (length === 0 || length >= LONGEST_NAME) return -1;
    bytes[at] = length;
    name.copy(bytes, at + 1);
    at += 1 + length;
    sizes |= 1 << length;
  }
  bytes[at] = 0;
  return sizes;
}

const imports: EngineImports = {
  head(entry) {
    cursor.moveTo(entry);
    const size = writeHead(
      line.timedHead
        ? line.head(cursor.seconds, cursor.nanoseconds)
        : (headText ?? line.head(0, 0)),
    );
    return writeTail(cursor) < 0 ? SLOW : size;
  },
  key(pos, out) {
    const { bytes } = engine;
    const next = skipValue(bytes, pos, inputEnd);
    if (next < 0) return CUT;
    const text = JSON.stringify(keyTextAt(bytes, pos));
    if (!engine.hasRoom(out, text.length * 3)) return FULL;
    engine.setNext(next);
    return out + bytes.write(text, out);
  },
  other(pos, out) {
    const { bytes } = engine;
    const size = headSizeOf(bytes[pos]) + bodySize(bytes, pos);
    if (pos + size > inputEnd) return CUT;
    // Extensions become base64 with a name or two around it, binary at most an escape for each byte.
    if (!engine.hasRoom(out, size * 6 + 256)) return FULL;
    engine.setNext(pos + size);
    writer.enter(bytes, view, out);
    writer.writeScalar(bytes, pos, bytes[pos]);
    return writer.leave();
  },
  text(pos, stop, out) {
    const { bytes } = engine;
    let rest = bytes.subarray(pos, stop);
    if (!isUtf8(rest)) rest = Buffer.from(rest.toString('utf8'));
    if (!engine.hasRoom(out, rest.length * 6 + 1)) return FULL;
    writer.enter(bytes, view, out);
    writer.writeEscapedBytes(rest, 0, rest.length);
    return writer.leave();
  },
  float(value, out) {
    const { bytes } = engine;
    const text = Number.isFinite(value) ? floatText(value) : 'null';
    for (let at = 0; at < text.length; at++) bytes[out + at] = text.charCodeAt(at);
    return out + text.length;
  },
};
