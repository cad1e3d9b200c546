import { encodeValue } from './encode.js';
import { childCount, headSize, skipValue } from './msgpack.js';

interface Field {
  key: Buffer;
  pair: Buffer;
}

/**
 * Sets fields in every record of packed entries, which have been validated. Records are not
 * decoded: their bytes are copied, without the fields of the same names that they may have.
 */
export function addFields(bytes: Buffer, count: number, values: Record<string, unknown>): Buffer {
  const fields = Object.entries(values).map(([name, value]): Field => {
    const key = encodeValue(name);
    return { key, pair: Buffer.concat([key, encodeValue(value)]) };
  });
  const extra = fields.reduce((sum, { pair }) => sum + pair.length, 0);
  // The head of a map grows by at most four bytes.
  const out = Buffer.allocUnsafe(bytes.length + count * (extra + 4));
  const end = bytes.length;
  let length = 0;
  let pos = 0;
  while (pos < end) {
    const record = skipValue(bytes, pos + headSize(bytes[pos]), end);
    length += bytes.copy(out, length, pos, record);
    const pairs = childCount(bytes, record) / 2;
    const first = record + headSize(bytes[record]);
    // Which pairs go, and where the record ends.
    const gone: number[] = [];
    let at = first;
    for (let left = pairs; left > 0; left--) {
      const value = skipValue(bytes, at, end);
      const next = skipValue(bytes, value, end);
      if (hasKey(bytes, at, value, fields)) gone.push(at, next);
      at = next;
    }
    length = writeMapHead(out, length, pairs - gone.length / 2 + fields.length);
    let run = first;
    for (let i = 0; i < gone.length; i += 2) {
      length += bytes.copy(out, length, run, gone[i]);
      run = gone[i + 1];
    }
    length += bytes.copy(out, length, run, at);
    for (const { pair } of fields) length += pair.copy(out, length);
    pos = at;
  }
  return out.subarray(0, length);
}

function hasKey(bytes: Buffer, start: number, end: number, fields: readonly Field[]): boolean {
  for (const { key } of fields) {
    if (key.length === end - start && key.compare(bytes, start, end) === 0) return true;
  }
  return false;
}

function writeMapHead(out: Buffer, at: number, pairs: number): number {
  if (pairs < 16) {
    out[at] = 0x80 + pairs;
    return at + 1;
  }
  if (pairs < 0x10000) {
    out[at] = 0xde;
    out.writeUInt16BE(pairs, at + 1);
    return at + 3;
  }
  out[at] = 0xdf;
  out.writeUInt32BE(pairs, at + 1);
  return at + 5;
}
