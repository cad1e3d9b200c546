/** What attackers send, made once: no attacker holds more than one copy. */
import { gzipSync } from 'node:zlib';

const MIB = 1024 * 1024;

/** A string or bin of 32-bit length: its head alone. */
export function head32(type, length) {
  const head = Buffer.alloc(5);
  head[0] = type;
  head.writeUInt32BE(length, 1);
  return head;
}

export function str(text) {
  const bytes = Buffer.from(text);
  return Buffer.concat([head32(0xdb, bytes.length), bytes]);
}

/** `{"chunk": id}`, or with the compression too. */
export function option(id, compressed) {
  const parts = [Buffer.of(compressed === undefined ? 0x81 : 0x82), str('chunk'), str(id)];
  if (compressed !== undefined) parts.push(str('compressed'), str(compressed));
  return Buffer.concat(parts);
}

/** `[tag, bin, option]` up to the bytes of the bin. */
export function packedHead(tag, length, elements = 2) {
  return Buffer.concat([Buffer.of(0x90 + elements), str(tag), head32(0xc6, length)]);
}

/** `[tag, entries, option]`, all there. */
export function packed(tag, entries, tail) {
  const parts = [packedHead(tag, entries.length, tail === undefined ? 2 : 3), entries];
  if (tail !== undefined) parts.push(tail);
  return Buffer.concat(parts);
}

/** `[tag, time, {"m": text}, {"chunk": id}]` */
export function message(tag, text, id) {
  const parts = [Buffer.of(id === undefined ? 0x93 : 0x94), str(tag), Buffer.of(1, 0x81), str('m')];
  parts.push(str(text));
  if (id !== undefined) parts.push(option(id));
  return Buffer.concat(parts);
}

/** Events that are as short as can be: `[1, {}]`. */
export function emptyEvents(count) {
  return Buffer.alloc(count * 3, Buffer.of(0x92, 0x01, 0x80));
}

/** Events whose time is nil, which have to be given one. */
export function timelessEvents(count) {
  return Buffer.alloc(count * 7, Buffer.of(0x92, 0xc0, 0x81, 0xa1, 0x61, 0xa1, 0x62));
}

/** Events of a usual kind, about 100 bytes each. */
export function usualEvents(bytes) {
  const text = 'GET /index.html HTTP/1.1 200 '.padEnd(80, 'x');
  const one = Buffer.concat([Buffer.of(0x92, 0x01, 0x81, 0xa1, 0x6d), str(text)]);
  return Buffer.alloc(Math.floor(bytes / one.length) * one.length, one);
}

/** One entry of about so many bytes. */
export function hugeEvent(bytes) {
  return Buffer.concat([
    Buffer.of(0x92, 0x01, 0x81, 0xa1, 0x6d),
    head32(0xdb, bytes),
    Buffer.alloc(bytes, 0x61),
  ]);
}

/** Gzip of many members, which says in its last bytes that it is small. */
export function bomb(piece, mib) {
  const member = gzipSync(piece, { level: 9 });
  const count = Math.ceil((mib * MIB) / piece.length);
  return Buffer.concat(Array.from({ length: count }, () => member));
}

/** JSON of so many bytes: events that are as short as can be. */
export function json(tag, bytes) {
  const event = '[1,{}],';
  const events = event.repeat(Math.floor(bytes / event.length));
  return Buffer.from(`["${tag}",[${events}[1,{}]]]`);
}
