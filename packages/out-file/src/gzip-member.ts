import { promisify } from 'node:util';
import { crc32, deflateRaw } from 'node:zlib';

const deflate = promisify<Buffer, Buffer>(deflateRaw);

/**
 * Bytes before the compressed data: the fixed ten, and an extra field (RFC 1952, 2.3.1.1) with the
 * size of the whole member, so that a reader finds the next one without inflating this.
 */
export const memberHeadSize = 20;
const trailerSize = 8;

/** Compresses to one member of a gzip file. Members one after another are a gzip file, too. */
export async function gzipMember(bytes: Buffer): Promise<Buffer> {
  const data = await deflate(bytes);
  const member = Buffer.alloc(memberHeadSize + data.length + trailerSize);
  member.set([0x1f, 0x8b, 8, 4], 0); // deflate, with an extra field
  member[9] = 255; // made on an unknown system
  member.writeUInt16LE(8, 10);
  member.write('SL', 12, 'latin1');
  member.writeUInt16LE(4, 14);
  member.writeUInt32LE(member.length, 16);
  member.set(data, memberHeadSize);
  member.writeUInt32LE(crc32(bytes), memberHeadSize + data.length);
  member.writeUInt32LE(bytes.length, memberHeadSize + data.length + 4);
  return member;
}

/** The size of the member that begins here, or undefined for one that {@link gzipMember} did not make. */
export function memberSize(bytes: Buffer, at: number): number | undefined {
  const ours =
    bytes.readUInt32BE(at) === 0x1f_8b_08_04 &&
    bytes.readUInt16LE(at + 10) === 8 &&
    bytes.toString('latin1', at + 12, at + 14) === 'SL' &&
    bytes.readUInt16LE(at + 14) === 4;
  const size = ours ? bytes.readUInt32LE(at + 16) : 0;
  return size > memberHeadSize ? size : undefined;
}
