/** JSON as MessagePack that keeps the difference between 1 and 1.0. */
import { encodeValue } from '@sluice/event-stream';

/** @param {string} text */
export function jsonToMessagePack(text) {
  // A float is marked before JavaScript forgets that it is one.
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g, (token) =>
    token.startsWith('"') ? token : `{"number":"${token}"}`,
  );
  return pack(JSON.parse(marked));
}

function pack(value) {
  if (Array.isArray(value))
    return Buffer.concat([head(value.length, 0x90, 0xdc), ...value.map(pack)]);
  if (typeof value !== 'object' || value === null) return encodeValue(value);
  const keys = Object.keys(value);
  if (keys.length === 1 && keys[0] === 'number' && typeof value.number === 'string') {
    return number(value.number);
  }
  return Buffer.concat([
    head(keys.length, 0x80, 0xde),
    ...keys.flatMap((key) => [encodeValue(key), pack(value[key])]),
  ]);
}

function number(text) {
  if (/^-?\d+$/.test(text)) {
    const exact = BigInt(text);
    return encodeValue(
      Number.isSafeInteger(Number(text)) && Math.abs(Number(text)) < 2 ** 31 ? Number(text) : exact,
    );
  }
  const bytes = Buffer.alloc(9, 0xcb);
  bytes.writeDoubleBE(Number(text), 1);
  return bytes;
}

function head(count, small, large) {
  return count < 16 ? Buffer.from([small + count]) : Buffer.from([large, count >> 8, count & 0xff]);
}
