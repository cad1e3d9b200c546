import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { TlsConfigError } from '../errors.js';

const generate = promisify(generateKeyPair);

/** The kinds of key that can be generated. */
export type KeyType = 'rsa' | 'ecdsa';

const curves: Partial<Record<number, string>> = { 256: 'P-256', 384: 'P-384', 521: 'P-521' };

/** Refuses lengths that no TLS stack takes, before any work is done. */
export function checkKeyLength(type: KeyType, length: number, option: string): void {
  const rsa = Number.isInteger(length) && length >= 1024 && length <= 16_384;
  if (rsa || (type === 'ecdsa' && curves[length] !== undefined)) return;
  const expected =
    type === 'rsa' ? 'between 1024 and 16384 bits' : 'one of 256, 384 and 521 bits for ecdsa';
  throw new TlsConfigError(`${option} must be ${expected}`, { option });
}

/**
 * Generates a key pair on libuv's threads. For `ecdsa` the length picks the curve (256, 384, 521);
 * a length meant for RSA, such as the default 2048, means P-256.
 */
export async function generateKeys(
  type: KeyType,
  length: number,
): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  if (type === 'ecdsa') return generate('ec', { namedCurve: curves[length] ?? 'P-256' });
  return generate('rsa', { modulusLength: length, publicExponent: 0x10001 });
}
