import * as zlib from 'node:zlib';
import type { Transform } from 'node:stream';
import { ForwardProtocolError } from './errors.js';
import { freeMemory } from './free-memory.js';
import type { MakingAccount } from './making-account.js';
import { splitZstdFrames } from './zstd-frames.js';

/** Makes a stream that inflates off the event loop, on one of libuv's threads. */
type Create = (options: { chunkSize: number }) => Transform;

// Node has zstd from 22.15 and 23.8 on.
const createZstd = (zlib as { createZstdDecompress?: Create }).createZstdDecompress;

const CODECS: Readonly<Record<string, Create | undefined>> = {
  gzip: (options) => zlib.createGunzip(options),
  zstd: createZstd && ((options) => createZstd(options)),
};

/** The compressions that this Node.js can read. */
export function supportedCompressions(): string[] {
  return Object.keys(CODECS).filter((name) => CODECS[name] !== undefined);
}

/** Why a compression cannot be read here; undefined where it can. */
export function unsupportedReason(compression: string): string | undefined {
  if (CODECS[compression] !== undefined) return undefined;
  return Object.hasOwn(CODECS, compression)
    ? `${compression} needs Node.js 22.15 or later, this is ${process.version}`
    : `unknown compression ${JSON.stringify(compression.slice(0, 64))}`;
}

// No log payload has more: each costs a decoder.
const MOST_FRAMES = 65_536;
const SMALLEST_PIECE = 16 * 1024;
const LARGEST_GUESS = 1024 * 1024;
// More is not collected in pieces: they would be there twice, and live on as garbage for a while.
const LARGEST_COLLECTED = 32 * 1024 * 1024;
// Deflate cannot do better than 1032 to 1.
const LARGEST_RATIO = 1032;

/** Only within this file: there is no room for what comes out. */
class NoRoom extends Error {}

/**
 * Inflates a payload of one or several gzip members or zstd frames.
 *
 * What it takes comes from the account. The likely size is waited for; where more comes out and
 * there is no room for it, the payload is inflated again once there is room for anything it may be.
 * What comes out in several pieces has to be joined, which takes the room twice, so a payload that
 * proves larger than 32 MiB, or than half of the limit, is measured to its end without being kept and
 * then inflated again into one piece.
 *
 * @returns undefined where more than `limit` bytes come out
 * @throws {@link ForwardProtocolError} where the payload is broken
 */
export async function decompress(
  payload: Buffer,
  compression: string,
  limit: number,
  account: MakingAccount,
): Promise<Buffer | undefined> {
  const create = CODECS[compression];
  if (create === undefined) throw broken(unsupportedReason(compression) ?? compression);
  if (payload.length === 0) return payload;
  await account.begin(guessSize(payload, compression, limit));
  try {
    return await inflatePayload(payload, compression, create, limit, account);
  } catch (error) {
    if (!(error instanceof NoRoom)) throw error;
  }
  await account.beginAlone();
  return inflatePayload(payload, compression, create, limit, account);
}

async function inflatePayload(
  payload: Buffer,
  compression: string,
  create: Create,
  limit: number,
  account: MakingAccount,
): Promise<Buffer | undefined> {
  if (compression !== 'zstd') {
    return inflateAll(payload, { compression, create, limit, account, before: 0 });
  }
  const frames = splitZstdFrames(payload, MOST_FRAMES);
  if (frames === undefined) throw broken('a compressed payload is broken: not zstd frames');
  const parts: Buffer[] = [];
  let size = 0;
  for (const frame of frames) {
    const left = limit - size;
    const part = await inflateAll(frame, {
      compression,
      create,
      limit: left,
      account,
      before: size,
    });
    if (part === undefined) return undefined;
    parts.push(part);
    size += part.length;
  }
  if (parts.length === 1) return parts[0];
  if (!account.need(2 * size)) throw new NoRoom();
  return joined(parts, size);
}

interface Inflating {
  compression: string;
  create: Create;
  limit: number;
  account: MakingAccount;
  /** Bytes of frames before this one. */
  before: number;
}

async function inflateAll(payload: Buffer, how: Inflating): Promise<Buffer | undefined> {
  const { compression, limit, account, before } = how;
  const guess = guessSize(payload, compression, limit);
  const first = await inflate(payload, how, guess, true);
  if (first.size > limit) return undefined;
  if (first.kept) {
    return first.pieces.length === 1 ? first.pieces[0] : joined(first.pieces, first.size);
  }
  if (!account.need(before + first.size + 1)) throw new NoRoom();
  const again = await inflate(payload, how, first.size + 1, false);
  return again.pieces[0];
}

/** How much is likely to come out. Only a guess: it decides how large the pieces are. */
function guessSize(payload: Buffer, compression: string, limit: number): number {
  const most = Math.min(payload.length * LARGEST_RATIO, limit) + 1;
  let guess = Math.min(payload.length * 6, LARGEST_GUESS);
  // The last four bytes of a gzip member are its size, which for the one member of most payloads
  // is all: then everything comes in one piece, without a join.
  if (compression === 'gzip' && payload.length >= 18) {
    guess = Math.max(guess, payload.readUInt32LE(payload.length - 4) + 1);
  }
  return Math.max(Math.min(guess, most), Math.min(SMALLEST_PIECE, limit + 1), 64);
}

interface Inflated {
  size: number;
  pieces: Buffer[];
  /** Whether the pieces are all there. */
  kept: boolean;
}

function inflate(
  payload: Buffer,
  { create, limit, account, before }: Inflating,
  chunkSize: number,
  halve: boolean,
): Promise<Inflated> {
  return new Promise((resolve, reject) => {
    const stream = create({ chunkSize });
    const result: Inflated = { size: 0, pieces: [], kept: true };
    const drop = (): void => {
      // The stream writes on behind a piece that does not fill its buffer; such a one stays as it is.
      for (const piece of result.pieces) freeMemory(piece);
      result.pieces = [];
    };
    stream.on('data', (piece: Buffer) => {
      result.size += piece.length;
      if (result.size > limit) {
        drop();
        stream.destroy();
        resolve(result);
        return;
      }
      const most = Math.min(limit / 2, LARGEST_COLLECTED);
      if (halve && result.pieces.length > 0 && result.size > most) result.kept = false;
      result.pieces.push(piece);
      if (!result.kept) {
        drop();
        return;
      }
      // Several pieces are joined, which takes the room twice.
      const taken = result.pieces.length > 1 ? 2 * result.size : result.size;
      if (account.need(before + taken)) return;
      drop();
      stream.destroy();
      reject(new NoRoom());
    });
    stream.on('end', () => resolve(result));
    stream.on('error', (error) =>
      reject(broken(`a compressed payload is broken: ${error.message}`, error)),
    );
    stream.end(payload);
  });
}

/** One piece of all, which are empty afterwards. */
function joined(pieces: Buffer[], size: number): Buffer {
  const all = Buffer.concat(pieces, size);
  for (const piece of pieces) freeMemory(piece);
  return all;
}

function broken(message: string, cause?: Error): ForwardProtocolError {
  return new ForwardProtocolError(
    'ERR_SLUICE_FORWARD_DECOMPRESSION',
    message,
    cause === undefined ? undefined : { cause },
  );
}
