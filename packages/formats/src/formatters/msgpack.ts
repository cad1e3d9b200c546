import { defineSection } from '@sluice/config';
import { bodySize, childCount, headSize, skipValue } from '@sluice/event-stream/packed';
import { defineFormatter, type Framing } from '@sluice/plugin';
import type { ByteWriter } from './byte-writer.js';
import { BytesFormatter } from './bytes-formatter.js';

const description = 'The record as MessagePack, one after another.';

/**
 * Writes each value in its shortest form, as Ruby's MessagePack does whatever form came: containers
 * say how many values follow, so that one flat walk meets them all.
 */
class MsgpackFormatter extends BytesFormatter {
  override readonly framing: Framing = 'msgpack';

  protected writeRecord(writer: ByteWriter, bytes: Buffer, record: number): number {
    let pos = record;
    let run = record; // where the bytes begin that are as they should be
    for (let left = 1; left > 0; left -= 1) {
      left += childCount(bytes, pos);
      if (isShortest(bytes, pos)) {
        pos += headSize(bytes[pos]) + bodySize(bytes, pos);
        continue;
      }
      writer.bytes(bytes, run, pos);
      pos = writeShortest(writer, bytes, pos);
      run = pos;
    }
    writer.bytes(bytes, run, pos);
    return pos;
  }
}

/** Whether a value, or the head of a container, is surely in its shortest form. */
function isShortest(bytes: Buffer, at: number): boolean {
  const first = bytes[at];
  if (first < 0xc4 || first >= 0xe0) return true;
  switch (first) {
    case 0xc4:
    case 0xcb:
      return true;
    case 0xcc:
      return bytes[at + 1] >= 0x80;
    case 0xcd:
      return bytes[at + 1] > 0;
    case 0xce:
      return bytes[at + 1] > 0 || bytes[at + 2] > 0;
    case 0xd9:
      return bytes[at + 1] > 31;
    default:
      return false;
  }
}

const number = Buffer.alloc(9);

/** Writes one scalar, or the head of one container. @returns the position after it */
function writeShortest(writer: ByteWriter, bytes: Buffer, at: number): number {
  const first = bytes[at];
  const body = at + headSize(first);
  const end = body + bodySize(bytes, at);
  switch (first) {
    case 0xd9:
    case 0xda:
    case 0xdb:
      writeHead(writer, end - body, 0xa0, 31, 0xd9);
      writer.bytes(bytes, body, end);
      return end;
    case 0xc5:
    case 0xc6:
      writeHead(writer, end - body, 0, -1, 0xc4);
      writer.bytes(bytes, body, end);
      return end;
    case 0xdc:
    case 0xdd:
      writeHead(writer, childCount(bytes, at), 0x90, 15, 0xdb);
      return end;
    case 0xde:
    case 0xdf:
      writeHead(writer, childCount(bytes, at) / 2, 0x80, 15, 0xdd);
      return end;
    case 0xca:
      number[0] = 0xcb;
      number.writeDoubleBE(bytes.readFloatBE(at + 1), 1);
      writer.bytes(number);
      return end;
    case 0xcc:
      return writeUnsigned(writer, bytes[at + 1], end);
    case 0xcd:
      return writeUnsigned(writer, bytes.readUInt16BE(at + 1), end);
    case 0xce:
      return writeUnsigned(writer, bytes.readUInt32BE(at + 1), end);
    case 0xd0:
      return writeSigned(writer, bytes.readInt8(at + 1), end);
    case 0xd1:
      return writeSigned(writer, bytes.readInt16BE(at + 1), end);
    case 0xd2:
      return writeSigned(writer, bytes.readInt32BE(at + 1), end);
    case 0xcf: {
      const value = bytes.readBigUInt64BE(at + 1);
      if (value <= 0xffff_ffffn) return writeUnsigned(writer, Number(value), end);
      break;
    }
    case 0xd3: {
      const value = bytes.readBigInt64BE(at + 1);
      if (value >= -0x8000_0000n && value <= 0xffff_ffffn) {
        return writeSigned(writer, Number(value), end);
      }
      if (value > 0) {
        number[0] = 0xcf;
        number.writeBigInt64BE(value, 1);
        writer.bytes(number);
        return end;
      }
      break;
    }
    case 0xd7:
      // A time inside of a record: its seconds, as Fluentd writes it.
      if (bytes[at + 1] === 0) return writeUnsigned(writer, bytes.readUInt32BE(at + 2), end);
      break;
    default:
  }
  // Of a container only the head; the values in it come next.
  writer.bytes(bytes, at, childCount(bytes, at) > 0 ? body : skipValue(bytes, at, bytes.length));
  return end;
}

/** The head of a text, binary or container; `wide` is the code of its form with 8 bits. */
function writeHead(
  writer: ByteWriter,
  size: number,
  fixed: number,
  mostFixed: number,
  wide: number,
): void {
  if (size <= mostFixed) writer.byte(fixed | size);
  else if (size <= 0xff && wide !== 0xdb && wide !== 0xdd) {
    writer.byte(wide);
    writer.byte(size);
  } else if (size <= 0xffff) {
    writer.byte(wide + 1);
    writer.byte(size >> 8);
    writer.byte(size & 0xff);
  } else {
    number[0] = wide + 2;
    number.writeUInt32BE(size, 1);
    writer.bytes(number, 0, 5);
  }
}

function writeUnsigned(writer: ByteWriter, value: number, end: number): number {
  if (value < 0x80) writer.byte(value);
  else if (value <= 0xff) {
    writer.byte(0xcc);
    writer.byte(value);
  } else if (value <= 0xffff) {
    writer.byte(0xcd);
    writer.byte(value >> 8);
    writer.byte(value & 0xff);
  } else {
    number[0] = 0xce;
    number.writeUInt32BE(value, 1);
    writer.bytes(number, 0, 5);
  }
  return end;
}

function writeSigned(writer: ByteWriter, value: number, end: number): number {
  if (value >= 0) return writeUnsigned(writer, value, end);
  if (value >= -0x20) writer.byte(value & 0xff);
  else if (value >= -0x80) {
    writer.byte(0xd0);
    writer.byte(value & 0xff);
  } else if (value >= -0x8000) {
    number[0] = 0xd1;
    number.writeInt16BE(value, 1);
    writer.bytes(number, 0, 3);
  } else {
    number[0] = 0xd2;
    number.writeInt32BE(value, 1);
    writer.bytes(number, 0, 5);
  }
  return end;
}

/** `@type msgpack`. Fluentd: `formatter_msgpack`. */
export const msgpackFormatter = defineFormatter({
  type: 'msgpack',
  description,
  section: defineSection({ name: 'format', description }),
  create: (_config, context) => new MsgpackFormatter(context),
});
