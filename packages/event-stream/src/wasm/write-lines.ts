import { isUtf8 } from 'node:buffer';
import { decodeTime, keyTextAt } from '../decode.js';
import type { Line } from '../json-line.js';
import * as writer from '../json-writer.js';
import { EntryCursor } from '../packed/entry-cursor.js';
import { bodySize, headSize, skipValue } from '../packed/msgpack.js';
import { floatText } from '../packed/ruby-text.js';
import {
  CUT,
  Engine,
  FULL,
  HEAD_AT,
  HEAD_SIZE,
  INPUT_AT,
  INPUT_SIZE,
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
let headText: string | undefined;
let headLength = 0;

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
  if (loaded === 'none' || lines.newline.length >= TAIL_SIZE) return false;
  engine = loaded;
  view = engine.view;
  line = lines;
  const { bytes: memory } = engine;
  const tailSize = memory.write('}', TAIL_AT) + lines.newline.copy(memory, TAIL_AT + 1);
  headText = undefined;
  const timed = line.timed;
  let fixedHead = 0;
  if (!timed) {
    fixedHead = writeHead(line.head(0, 0));
    if (fixedHead < 0) return false;
  }
  const entry = new EntryCursor(bytes);
  for (let at = 0; at < bytes.length;) {
    const size = Math.min(bytes.length - at, INPUT_SIZE);
    bytes.copy(memory, INPUT_AT, at, at + size);
    inputEnd = INPUT_AT + size;
    const final = at + size === bytes.length ? 1 : 0;
    let pos = INPUT_AT;
    for (let more = true; more;) {
      writer.readFrom(memory);
      const status = engine.run(
        pos,
        inputEnd,
        final,
        timed ? 1 : 0,
        fixedHead,
        line.hasFields ? 1 : 0,
        tailSize,
      );
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
    headLength = engine.bytes.write(text, HEAD_AT);
    headText = text;
  }
  return headLength;
}

const imports: EngineImports = {
  head(pos) {
    const { seconds, nanoseconds } = decodeTime(engine.bytes, pos);
    return writeHead(line.head(seconds, nanoseconds));
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
    const size = headSize(bytes[pos]) + bodySize(bytes, pos);
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
