/** Writing the parts of MessagePack, the shortest form of each. The caller has made room. */

/** Strings up to this length are copied by a loop, which beats a call into C++. */
const shortString = 64;

export function writeUtf8(target: Buffer, at: number, code: number): number {
  if (code < 0x80) {
    target[at++] = code;
  } else if (code < 0x8_00) {
    target[at++] = 0xc0 | (code >> 6);
    target[at++] = 0x80 | (code & 0x3f);
  } else if (code < 0x1_00_00) {
    target[at++] = 0xe0 | (code >> 12);
    target[at++] = 0x80 | ((code >> 6) & 0x3f);
    target[at++] = 0x80 | (code & 0x3f);
  } else {
    target[at++] = 0xf0 | (code >> 18);
    target[at++] = 0x80 | ((code >> 12) & 0x3f);
    target[at++] = 0x80 | ((code >> 6) & 0x3f);
    target[at++] = 0x80 | (code & 0x3f);
  }
  return at;
}

export function writeString(
  text: Buffer,
  from: number,
  to: number,
  target: Buffer,
  at: number,
): number {
  const length = to - from;
  let out = at;
  if (length < 32) target[out++] = 0xa0 | length;
  else out = writeStringHead(target, out, length);
  if (length > shortString) return out + text.copy(target, out, from, to);
  for (let index = from; index < to; index++) target[out++] = text[index];
  return out;
}

export function writeStringHead(target: Buffer, at: number, length: number): number {
  if (length < 32) {
    target[at] = 0xa0 | length;
    return at + 1;
  }
  if (length < 0x1_00) {
    target[at] = 0xd9;
    target[at + 1] = length;
    return at + 2;
  }
  if (length < 0x1_00_00) {
    target[at] = 0xda;
    target[at + 1] = length >> 8;
    target[at + 2] = length & 0xff;
    return at + 3;
  }
  target[at] = 0xdb;
  return target.writeUInt32BE(length, at + 1);
}

const number = new DataView(new ArrayBuffer(8));
const numberBytes = new Uint8Array(number.buffer);

export function writeFloat(target: Buffer, at: number, value: number): number {
  number.setFloat64(0, value);
  target[at] = 0xcb;
  for (let index = 0; index < 8; index++) target[at + 1 + index] = numberBytes[index];
  return at + 9;
}

/** The shortest form of an integer that a double has exactly. */
export function writeInteger(target: Buffer, at: number, value: number): number {
  if (value >= 0) {
    if (value < 0x80) {
      target[at] = value;
      return at + 1;
    }
    if (value < 0x1_00) {
      target[at] = 0xcc;
      target[at + 1] = value;
      return at + 2;
    }
    if (value < 0x1_00_00) {
      target[at] = 0xcd;
      target[at + 1] = value >> 8;
      target[at + 2] = value & 0xff;
      return at + 3;
    }
    if (value < 0x1_0000_0000) {
      target[at] = 0xce;
      return writeWord(target, at + 1, value);
    }
    target[at] = 0xcf;
  } else {
    if (value >= -0x20) {
      target[at] = value & 0xff;
      return at + 1;
    }
    if (value >= -0x80) {
      target[at] = 0xd0;
      target[at + 1] = value & 0xff;
      return at + 2;
    }
    if (value >= -0x80_00) {
      target[at] = 0xd1;
      target[at + 1] = (value >> 8) & 0xff;
      target[at + 2] = value & 0xff;
      return at + 3;
    }
    if (value >= -0x8000_0000) {
      target[at] = 0xd2;
      return writeWord(target, at + 1, value);
    }
    target[at] = 0xd3;
  }
  const high = Math.floor(value / 0x1_0000_0000);
  return writeWord(target, writeWord(target, at + 1, high), value - high * 0x1_0000_0000);
}

/** 32 bits, with or without a sign. */
function writeWord(target: Buffer, at: number, value: number): number {
  const word = value | 0;
  target[at] = word >>> 24;
  target[at + 1] = (word >>> 16) & 0xff;
  target[at + 2] = (word >>> 8) & 0xff;
  target[at + 3] = word & 0xff;
  return at + 4;
}

/** Writes the head of a container whose contents are behind the byte at `head`. @returns their end */
export function writeHead(
  target: Buffer,
  head: number,
  end: number,
  count: number,
  map: boolean,
): number {
  if (count < 16) {
    target[head] = (map ? 0x80 : 0x90) | count;
    return end;
  }
  const more = count < 0x1_00_00 ? 2 : 4;
  target.copyWithin(head + 1 + more, head + 1, end);
  target[head] = (map ? 0xde : 0xdc) + (more === 2 ? 0 : 1);
  if (more === 2) target.writeUInt16BE(count, head + 1);
  else target.writeUInt32BE(count, head + 1);
  return end + more;
}
