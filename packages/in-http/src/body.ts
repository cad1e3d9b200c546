import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import type { Account } from './account.js';
import { RequestRefusal } from './refusal.js';

type Create = () => Transform;

// Node has zstd from 22.15 and 23.8 on.
const zstd = (zlib as { createZstdDecompress?: Create }).createZstdDecompress;

const codecs: Readonly<Record<string, Create | undefined>> = {
  gzip: () => zlib.createGunzip(),
  'x-gzip': () => zlib.createGunzip(),
  // With the head of zlib, as the standard says, or without, as some clients send it.
  deflate: () => zlib.createInflate(),
  ...(zstd !== undefined && { zstd }),
};
const known = Object.keys(codecs).filter((name) => name !== 'x-gzip');

export interface BodyLimits {
  /** Bytes as they come. */
  readonly bodySizeLimit: number;
  /** Bytes when decompressed. */
  readonly decompressionSizeLimit: number;
}

/**
 * Why the body of a request is not read at all; looked at before the first byte of it.
 *
 * @throws RequestRefusal
 */
export function checkBody({ headers }: IncomingMessage, { bodySizeLimit }: BodyLimits): void {
  if (Number(headers['content-length'] ?? 0) > bodySizeLimit) throw tooLarge(bodySizeLimit);
  const coding = codingOf(headers['content-encoding']);
  if (coding !== undefined && codecs[coding] === undefined) {
    throw new RequestRefusal(
      415,
      `Content-Encoding ${JSON.stringify(coding.slice(0, 64))} is not supported: use ${known.join(', ')}`,
      { 'Accept-Encoding': known.join(', ') },
    );
  }
}

/**
 * Reads the body, within its limits.
 *
 * @param account pays for what is held
 * @throws RequestRefusal
 */
export async function readBody(
  request: IncomingMessage,
  limits: BodyLimits,
  account: Account,
): Promise<Buffer> {
  const body = await collect(request, limits.bodySizeLimit, account);
  const coding = codingOf(request.headers['content-encoding']);
  if (coding === undefined || body.length === 0) return body;
  return decompress(body, coding, limits.decompressionSizeLimit, account);
}

function codingOf(header: string | undefined): string | undefined {
  const coding = header?.trim().toLowerCase();
  return coding === undefined || coding === '' || coding === 'identity' ? undefined : coding;
}

function tooLarge(limit: number): RequestRefusal {
  return new RequestRefusal(413, `the body is larger than body_size_limit, ${limit} bytes`);
}

// What a peer only announces costs nothing: it is paid for when it comes.
function collect(request: IncomingMessage, limit: number, account: Account): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let size = 0;
    const fail = (error: Error): void => {
      request.off('data', take).off('end', done).off('close', cut);
      reject(error);
    };
    const take = (piece: Buffer): void => {
      size += piece.length;
      try {
        if (size > limit) throw tooLarge(limit);
        account.need(size);
      } catch (error) {
        fail(error as Error);
        return;
      }
      pieces.push(piece);
    };
    const done = (): void => {
      request.off('close', cut);
      resolve(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces, size));
    };
    const cut = (): void => fail(new RequestRefusal(400, 'the body is cut short'));
    request.on('data', take).once('end', done).once('close', cut);
  });
}

/** Inflates off the event loop, and stops where too much comes out. */
function decompress(
  body: Buffer,
  coding: string,
  limit: number,
  account: Account,
): Promise<Buffer> {
  const create = codecs[coding]!;
  const stream = coding === 'deflate' && !hasZlibHead(body) ? zlib.createInflateRaw() : create();
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let size = 0;
    const fail = (error: Error): void => {
      stream.destroy();
      reject(error);
    };
    stream.on('data', (piece: Buffer) => {
      size += piece.length;
      try {
        if (size > limit) {
          const reason = `the body is larger than decompression_size_limit, ${limit} bytes`;
          throw new RequestRefusal(413, reason);
        }
        account.need(body.length + size);
      } catch (error) {
        fail(error as Error);
        return;
      }
      pieces.push(piece);
    });
    stream.once('error', () => fail(new RequestRefusal(400, `the body is not ${coding}`)));
    stream.once('end', () => resolve(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces)));
    stream.end(body);
  });
}

function hasZlibHead(body: Buffer): boolean {
  return body.length >= 2 && (body[0] & 0x0f) === 8 && body.readUInt16BE(0) % 31 === 0;
}
