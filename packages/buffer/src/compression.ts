import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { t, type ConfigElement } from '@sluice/config';

/** How chunks are kept: as they are, or compressed. */
export type Compression = 'text' | 'gzip' | 'zstd';

type Callback = (error: Error | null, result: Buffer) => void;

// Node has zstd from 22.15 and 23.8 on; the types are of an older one.
const { zstdCompress, zstdDecompress } = zlib as unknown as Partial<
  Record<
    'zstdCompress' | 'zstdDecompress',
    (bytes: Buffer, options: object, callback: Callback) => void
  >
>;

const gzip = promisify(zlib.gzip);
const gunzip = promisify<Buffer, object, Buffer>(zlib.gunzip);
const zstdMagic = 0x28b52ffd;

/** The parameter `compress` of stores. */
export const compressParam = t
  .enum(['text', 'gzip', 'zstd'])
  .default('text')
  .describe(
    'gzip, or zstd (Node.js 22.15 or newer): chunks are compressed, of the file store what is written together',
  );

/**
 * What compresses in that way; undefined where nothing is to be compressed.
 *
 * @throws ConfigError where this Node.js lacks it
 */
export function compressorOf(
  compression: Compression,
  element: ConfigElement,
): ((bytes: Buffer) => Promise<Buffer>) | undefined {
  if (compression === 'text') return undefined;
  if (compression === 'gzip') return (bytes) => gzip(bytes);
  if (zstdCompress === undefined) {
    throw element.error(`compress zstd: Node.js ${process.versions.node} has no zstd`, {
      param: 'compress',
      hint: 'use Node.js 22.15 or newer, or compress gzip',
    });
  }
  const compress = promisify(zstdCompress);
  return (bytes) => compress(bytes, {});
}

/**
 * Undoes either compression: the bytes tell which it was.
 *
 * @param size of what comes out
 * @throws Error for other bytes, for more than `size`, and for zstd where this Node.js lacks it
 */
export async function decompress(bytes: Buffer, size: number): Promise<Buffer> {
  const options = { maxOutputLength: Math.max(size, 1) };
  const isZstd = bytes.length >= 4 && bytes.readUInt32BE(0) === zstdMagic;
  if (!isZstd) return gunzip(bytes, options);
  if (zstdDecompress === undefined) {
    throw new Error('the chunk is compressed by zstd: it needs Node.js 22.15 or newer');
  }
  return promisify(zstdDecompress)(bytes, options);
}
