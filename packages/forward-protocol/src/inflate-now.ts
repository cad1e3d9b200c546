import * as zlib from 'node:zlib';
import { PooledMemory } from './pooled-memory.js';

/** The part of zlib's binding that all its streams stand on. */
interface Handle {
  reset(): void;
  writeSync(
    flush: number,
    input: Buffer,
    inputOffset: number,
    inputLength: number,
    output: Buffer,
    outputOffset: number,
    outputLength: number,
  ): void;
  onerror: (message: string, errno: number, code: string) => void;
}

interface Decoder {
  readonly handle: Handle;
  /** What is left after a call: of the output, and of the input. */
  readonly left: Uint32Array;
  failed: boolean;
}

const { Z_FINISH } = zlib.constants;
const SMALLEST_MEMBER = 18;
// Deflate cannot do better than 1032 to 1.
const LARGEST_RATIO = 1032;

/** Undefined before the first payload, false where this Node.js has it otherwise. */
let decoder: Decoder | false | undefined;

/**
 * Inflates a small gzip payload at once, on the event loop, into memory that is used again and with
 * a decoder that is, too: a third of what a stream on one of libuv's threads takes.
 *
 * @param most the largest payload, inflated, that may be made now
 * @returns undefined where that cannot be done: the payload is larger than it says, or than `most`,
 *   or it is broken; what is wrong with it is for the careful way to say
 */
export function inflateNow(
  payload: Buffer,
  most: number,
): { memory: PooledMemory; bytes: Buffer } | undefined {
  if (payload.length < SMALLEST_MEMBER) return undefined;
  // The last four bytes are the size of the last member, which for most payloads is the only one.
  const size = payload.readUInt32LE(payload.length - 4);
  if (size === 0 || size > most || size > payload.length * LARGEST_RATIO) return undefined;
  decoder ??= makeDecoder();
  if (decoder === false) return undefined;
  const memory = PooledMemory.take(size + 1);
  const length = inflate(decoder, payload, memory.bytes);
  if (length !== undefined && length <= most) {
    return { memory, bytes: memory.bytes.subarray(0, length) };
  }
  memory.release();
  return undefined;
}

/** @returns how much has come out, undefined where that is not all */
function inflate(decoder: Decoder, payload: Buffer, output: Buffer): number | undefined {
  const { handle, left } = decoder;
  decoder.failed = false;
  handle.reset();
  handle.writeSync(Z_FINISH, payload, 0, payload.length, output, 0, output.length);
  const [outputLeft, inputLeft] = left;
  return hasFailed(decoder) || inputLeft > 0 || outputLeft === 0
    ? undefined
    : output.length - outputLeft;
}

/** Asked anew, because the compiler believes that the call has changed nothing. */
function hasFailed({ failed }: Decoder): boolean {
  return failed;
}

/** Takes a stream's handle, and looks whether it does what it is believed to do. */
function makeDecoder(): Decoder | false {
  const { _handle: handle, _writeState: left } = zlib.createGunzip({
    chunkSize: 64,
  }) as unknown as {
    _handle?: Partial<Handle>;
    _writeState?: Uint32Array;
  };
  if (typeof handle?.writeSync !== 'function' || typeof handle.reset !== 'function') return false;
  if (!(left instanceof Uint32Array)) return false;
  const made: Decoder = { handle: handle as Handle, left, failed: false };
  made.handle.onerror = () => (made.failed = true);
  return isSound(made) ? made : false;
}

function isSound(decoder: Decoder): boolean {
  const text = Buffer.from('a decoder that is used again and again');
  const sound = zlib.gzipSync(text);
  const broken = Buffer.from(sound);
  broken[broken.length - 6] ^= 1; // of the checksum
  const output = Buffer.alloc(text.length + 1);
  try {
    const works = (): boolean =>
      inflate(decoder, sound, output) === text.length && output.subarray(0, -1).equals(text);
    return (
      works() &&
      inflate(decoder, broken, output) === undefined &&
      inflate(decoder, sound.subarray(0, -9), output) === undefined &&
      inflate(decoder, sound, output.subarray(0, -1)) === undefined &&
      works()
    );
  } catch {
    return false;
  }
}
