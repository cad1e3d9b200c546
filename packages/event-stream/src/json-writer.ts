import { isUtf8 } from 'node:buffer';
import { bufferToText, keyTextAt } from './decode.js';
import { decodeExtension } from './scalar.js';
import {
  bodySize,
  childCount,
  headSize,
  isMap,
  isString,
  MAX_DEPTH,
  skipValue,
  u16,
  u32,
} from './packed/msgpack.js';
import { floatText } from './packed/ruby-text.js';

/**
 * Writes packed values as JSON. All of it is synchronous and writes to one place at a time, so that the
 * place is kept in variables of this module: a call begins with {@link writeTo} or {@link writeToScratch}
 * and {@link readFrom}, and ends with {@link letGo}.
 */

const COMMA = 0x2c;
const COLON = 0x3a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const HEX = Buffer.from('0123456789abcdef');
// What follows the backslash for control characters with a short form.
const SHORT_ESCAPE = new Uint8Array(32);
SHORT_ESCAPE[8] = 0x62;
SHORT_ESCAPE[9] = 0x74;
SHORT_ESCAPE[10] = 0x6e;
SHORT_ESCAPE[12] = 0x66;
SHORT_ESCAPE[13] = 0x72;

/** 1 for the bytes that stand for themselves within a JSON string. */
const PLAIN = new Uint8Array(256);
for (let byte = 0x20; byte < 0x80; byte++) PLAIN[byte] = 1;
PLAIN[QUOTE] = 0;
PLAIN[BACKSLASH] = 0;

const SCRATCH_SIZE = 64 * 1024;
const SCRATCH_KEPT = 4 * 1024 * 1024;

let scratch: Buffer = Buffer.allocUnsafeSlow(SCRATCH_SIZE);
// Where the present call writes: transcoding is synchronous, one call at a time.
let out: Buffer = scratch;
let length = 0;

// The bytes that are read, and both again to be looked at four at a time.
let source: Buffer = scratch;
const scratchView = viewOn(Buffer.alloc(0));
let sourceView = scratchView;
let outView = scratchView;

function viewOn({ buffer, byteOffset, length: size }: Buffer): DataView {
  return new DataView(buffer, byteOffset, size);
}

function grow(least: number): void {
  const bigger = Buffer.allocUnsafeSlow(Math.max(out.length * 2, length + least));
  out.copy(bigger, 0, 0, length);
  out = bigger;
  outView = viewOn(bigger);
}

/**
 * Copies bytes of the source that stand for themselves in a JSON string, to `target` of the output,
 * where there is room for all.
 *
 * @returns the position of the first that does not, or the end
 */
function copyPlain(start: number, end: number, target: number): number {
  const from = sourceView;
  const to = outView;
  const shift = target - start;
  let pos = start;
  for (; pos + 4 <= end; pos += 4) {
    const four = from.getInt32(pos, true);
    const quote = four ^ 0x22222222;
    const backslash = four ^ 0x5c5c5c5c;
    // The top bit of a byte is set where it is not ASCII, below a blank, a quote or a backslash; above
    // such a byte it may be set without reason, which the loop below finds out.
    const special =
      four |
      (four - 0x20202020) |
      ((quote - 0x01010101) & ~quote) |
      ((backslash - 0x01010101) & ~backslash);
    if ((special & 0x80808080) !== 0) break;
    to.setInt32(pos + shift, four, true);
  }
  const bytes = source;
  const buffer = out;
  for (; pos < end; pos++) {
    const byte = bytes[pos];
    if (PLAIN[byte] === 0) break;
    buffer[pos + shift] = byte;
  }
  return pos;
}

// How many values are left in each container that is open, and whether it is a map.
const left = new Float64Array(MAX_DEPTH + 2);
const maps = new Uint8Array(MAX_DEPTH + 2);

/** Writes to this buffer from `offset` on; elsewhere what finds no room in it. */
export function writeTo(target: Buffer, offset: number): void {
  out = target;
  outView = viewOn(out);
  length = offset;
}

/** Writes to a buffer of this module. */
export function writeToScratch(): void {
  out = scratch;
  outView = viewOn(out);
  length = 0;
}

/** Reads packed values from these bytes. */
export function readFrom(bytes: Buffer): void {
  source = bytes;
  sourceView = viewOn(bytes);
}

/** Where the next byte goes to. */
export function position(): number {
  return length;
}

/** What has been written, a view that is valid until {@link letGo}. */
export function written(from = 0): Buffer {
  return out.subarray(from, length);
}

/** What a call has read and written is its caller's. */
export function letGo(): void {
  out = scratch;
  source = scratch;
  outView = scratchView;
  sourceView = scratchView;
}

let outsideOut = scratch;
let outsideView = scratchView;
let outsideLength = 0;

/** Writes to another buffer meanwhile, until {@link leave}. */
export function enter(buffer: Buffer, view: DataView, at: number): void {
  outsideOut = out;
  outsideView = outView;
  outsideLength = length;
  out = buffer;
  outView = view;
  length = at;
}

/** @returns where the next byte would have gone to */
export function leave(): number {
  const end = length;
  out = outsideOut;
  outView = outsideView;
  length = outsideLength;
  outsideOut = scratch;
  outsideView = scratchView;
  return end;
}

/** Packed pairs as the fields of a JSON object, without its braces. */
export function fieldsText(pairs: Buffer, count: number): string {
  const map = Buffer.concat([Buffer.of(0xde, count >> 8, count & 0xff), pairs]);
  const { source: outerSource, sourceView: outerView } = { source, sourceView };
  // Longer where the worst case finds no room, which grow() sees to.
  const room = Buffer.allocUnsafe(map.length * 6 + 256);
  enter(room, viewOn(room), 0);
  readFrom(map);
  writeRecord(map, 0, '');
  const text = out.toString('utf8', 1, length - 1);
  leave();
  source = outerSource;
  sourceView = outerView;
  return text;
}

/** Keeps the scratch as large as it has become, so that the next call need not grow it. */
export function keepScratch(): void {
  // A burst must not pin its memory for ever.
  scratch = out.length > SCRATCH_KEPT ? Buffer.allocUnsafeSlow(SCRATCH_SIZE) : out;
}

/** Writes bytes as they are. */
export function writeBytes(bytes: Buffer, from = 0, to = bytes.length): void {
  if (length + to - from > out.length) grow(to - from);
  if (to - from > 48) length += bytes.copy(out, length, from, to);
  else for (let at = from; at < to; at++) out[length++] = bytes[at];
}

export function writeText(text: string): void {
  const most = text.length * 3;
  if (length + most > out.length) grow(most);
  length += out.write(text, length);
}

/**
 * Writes one record; `fields` (JSON without braces) go first into it. Most records are flat: their
 * names and short values are written by one loop, and everything else by the careful one.
 */
export function writeRecord(bytes: Buffer, at: number, fields: string): number {
  const head = bytes[at];
  let pos = at + headSize(head);
  if (length + 1 > out.length) grow(1);
  out[length++] = 0x7b;
  if (fields !== '') writeText(fields);
  let separate = fields !== '';
  for (let pairs = childCount(bytes, at) / 2; pairs > 0; pairs--) {
    const key = bytes[pos];
    if (key >= 0xa0 && key < 0xc0) {
      const end = pos + 1 + (key & 0x1f);
      if (length + 36 > out.length) grow(36);
      if (separate) out[length++] = COMMA;
      out[length++] = QUOTE;
      const start = pos + 1;
      pos = copyPlain(start, end, length);
      length += pos - start;
      if (pos < end) {
        writeEscaped(bytes, pos, end);
        pos = end;
        if (length + 1 > out.length) grow(1);
      } else {
        out[length++] = QUOTE;
      }
    } else {
      if (separate) {
        if (length + 1 > out.length) grow(1);
        out[length++] = COMMA;
      }
      pos = writeKey(bytes, pos);
      if (length + 1 > out.length) grow(1);
    }
    out[length++] = COLON;
    separate = true;

    const first = bytes[pos];
    if (first >= 0xa0 && first < 0xc0) {
      const end = pos + 1 + (first & 0x1f);
      if (length + 36 > out.length) grow(36);
      out[length++] = QUOTE;
      const start = pos + 1;
      pos = copyPlain(start, end, length);
      length += pos - start;
      if (pos < end) {
        writeEscaped(bytes, pos, end);
        pos = end;
      } else {
        out[length++] = QUOTE;
      }
    } else if (first >= 0xc0) {
      pos = isContainer(first) ? writeContainer(bytes, pos) : writeScalar(bytes, pos, first);
    } else if (first < 0x80) {
      if (length + 3 > out.length) grow(3);
      writeSmall(first);
      pos++;
    } else {
      pos = writeContainer(bytes, pos);
    }
  }
  if (length + 1 > out.length) grow(1);
  out[length++] = 0x7d;
  return pos;
}

function isContainer(first: number): boolean {
  return first >= 0xdc && first < 0xe0;
}

/** Entries that have been validated are nested no deeper than MAX_DEPTH. */
function writeContainer(bytes: Buffer, pos: number): number {
  return isMap(bytes[pos]) ? writeRecord(bytes, pos, '') : writeValue(bytes, pos);
}

function writeKey(bytes: Buffer, pos: number): number {
  const first = bytes[pos];
  if (isString(first)) {
    const body = pos + headSize(first);
    const size = bodySize(bytes, pos);
    writeString(bytes, body, size);
    return body + size;
  }
  const next = skipValue(bytes, pos, bytes.length);
  writeText(JSON.stringify(keyTextAt(bytes, pos)));
  return next;
}

/** Writes one value. */
function writeValue(bytes: Buffer, at: number): number {
  let pos = at;
  let depth = 0;
  left[0] = 1;
  maps[0] = 0;
  for (;;) {
    // Close what is complete.
    while (left[depth] === 0) {
      if (depth === 0) return pos;
      if (length + 2 > out.length) grow(2);
      out[length++] = maps[depth] === 1 ? 0x7d : 0x5d;
      depth--;
    }
    const first = bytes[pos];
    const inMap = maps[depth] === 1;
    const remaining = left[depth]--;
    if (inMap && (remaining & 1) === 0) {
      if (out[length - 1] !== 0x7b) {
        if (length + 1 > out.length) grow(1);
        out[length++] = COMMA;
      }
      // A key.
      if (first >= 0xa0 && first < 0xc0) {
        const size = first & 0x1f;
        writeString(bytes, pos + 1, size);
        pos += 1 + size;
      } else {
        pos = writeKey(bytes, pos);
      }
      if (length + 1 > out.length) grow(1);
      out[length++] = COLON;
      continue;
    }
    if (!inMap && depth > 0 && out[length - 1] !== 0x5b) {
      if (length + 1 > out.length) grow(1);
      out[length++] = COMMA;
    }

    if (first < 0x80) {
      if (length + 3 > out.length) grow(3);
      writeSmall(first);
      pos++;
    } else if (first >= 0xa0 && first < 0xc0) {
      const size = first & 0x1f;
      writeString(bytes, pos + 1, size);
      pos += 1 + size;
    } else if (first < 0xa0 || (first >= 0xdc && first < 0xe0)) {
      const children = childCount(bytes, pos);
      const isMap = first < 0x90 || first >= 0xde;
      pos += headSize(first);
      if (length + 1 > out.length) grow(1);
      out[length++] = isMap ? 0x7b : 0x5b;
      depth++;
      left[depth] = children;
      maps[depth] = isMap ? 1 : 0;
    } else {
      pos = writeScalar(bytes, pos, first);
    }
  }
}

export function writeScalar(bytes: Buffer, pos: number, first: number): number {
  if (length + 32 > out.length) grow(32);
  switch (first) {
    case 0xc0:
      writeAscii('null');
      return pos + 1;
    case 0xc2:
      writeAscii('false');
      return pos + 1;
    case 0xc3:
      writeAscii('true');
      return pos + 1;
    case 0xcc:
      writeInteger(bytes[pos + 1]);
      return pos + 2;
    case 0xcd:
      writeInteger(u16(bytes, pos + 1));
      return pos + 3;
    case 0xce:
      writeInteger(u32(bytes, pos + 1));
      return pos + 5;
    case 0xd0:
      writeInteger((bytes[pos + 1] << 24) >> 24);
      return pos + 2;
    case 0xd1:
      writeInteger((u16(bytes, pos + 1) << 16) >> 16);
      return pos + 3;
    case 0xd2:
      writeInteger(u32(bytes, pos + 1) | 0);
      return pos + 5;
    case 0xcf:
      writeAscii(bytes.readBigUInt64BE(pos + 1).toString());
      return pos + 9;
    case 0xd3:
      writeAscii(bytes.readBigInt64BE(pos + 1).toString());
      return pos + 9;
    case 0xca:
      writeFloat(bytes.readFloatBE(pos + 1));
      return pos + 5;
    case 0xcb:
      writeFloat(bytes.readDoubleBE(pos + 1));
      return pos + 9;
    default:
  }
  if (first >= 0xe0) {
    writeInteger(first - 0x100);
    return pos + 1;
  }
  const body = pos + headSize(first);
  const size = bodySize(bytes, pos);
  if (isString(first)) {
    writeString(bytes, body, size);
  } else if (first <= 0xc6) {
    const data = bytes.subarray(body, body + size);
    if (isUtf8(data)) writeString(bytes, body, size);
    else writeText(JSON.stringify(bufferToText(data)));
  } else {
    const type = (bytes[body - 1] << 24) >> 24;
    writeText(JSON.stringify(decodeExtension(type, bytes.subarray(body, body + size))));
  }
  return body + size;
}

function writeAscii(text: string): void {
  for (let i = 0; i < text.length; i++) out[length++] = text.charCodeAt(i);
}

function writeFloat(value: number): void {
  writeAscii(Number.isFinite(value) ? floatText(value) : 'null');
}

function writeSmall(value: number): void {
  if (value >= 100) {
    out[length++] = 0x31;
    value -= 100;
    out[length++] = 0x30 + ((value / 10) | 0);
  } else if (value >= 10) {
    out[length++] = 0x30 + ((value / 10) | 0);
  }
  out[length++] = 0x30 + (value % 10);
}

/** Safe integers; room for it is the caller's care. */
function writeInteger(value: number): void {
  if (value < 0) {
    out[length++] = 0x2d;
    value = -value;
  }
  // Most numbers are small: 32-bit arithmetic, without a float division per digit.
  if (value <= 0x7fff_ffff) {
    let rest = value | 0;
    let digits = 1;
    for (let power = 10; power <= rest; power *= 10) digits++;
    const buffer = out;
    length += digits;
    let at = length;
    for (let left = digits; left > 0; left--) {
      const next = (rest / 10) | 0;
      buffer[--at] = 0x30 + (rest - next * 10);
      rest = next;
    }
    return;
  }
  writeAscii(String(value));
}

/** Writes the bytes of a string, quoted and escaped; invalid UTF-8 as U+FFFD. */
function writeString(bytes: Buffer, start: number, size: number): void {
  // Twice the size is room for everything but control characters and invalid bytes, for which
  // more room is made as they come.
  if (length + size + 2 > out.length) grow(size + 2);
  const end = start + size;
  out[length++] = QUOTE;
  const pos = copyPlain(start, end, length);
  length += pos - start;
  if (pos === end) {
    out[length++] = QUOTE;
    return;
  }
  writeEscaped(bytes, pos, end);
}

function writeEscaped(bytes: Buffer, start: number, end: number): void {
  const rest = bytes.subarray(start, end);
  if (!isUtf8(rest)) {
    // The text before is ASCII and has been written: only the rest needs repair.
    const repaired = Buffer.from(rest.toString('utf8'));
    writeEscapedBytes(repaired, 0, repaired.length);
  } else {
    writeEscapedBytes(bytes, start, end);
  }
}

/** Writes the rest of a string of valid UTF-8, and the quote after it. */
export function writeEscapedBytes(bytes: Buffer, start: number, end: number): void {
  const most = (end - start) * 6 + 1;
  if (length + most > out.length) grow(most);
  let target = length;
  for (let pos = start; pos < end; pos++) {
    const byte = bytes[pos];
    if (PLAIN[byte] === 1 || byte >= 0x80) {
      out[target++] = byte;
      continue;
    }
    out[target++] = BACKSLASH;
    const short = byte < 32 ? SHORT_ESCAPE[byte] : byte;
    if (short !== 0) {
      out[target++] = short;
    } else {
      out[target++] = 0x75;
      out[target++] = 0x30;
      out[target++] = 0x30;
      out[target++] = HEX[byte >> 4];
      out[target++] = HEX[byte & 15];
    }
  }
  out[target++] = QUOTE;
  length = target;
}
