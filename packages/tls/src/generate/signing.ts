import { sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { TlsConfigError } from '../errors.js';

const signAsync = promisify<string | null, Buffer, KeyObject, Buffer>(sign);

/** Digests that certificates can be signed with. */
export type Digest = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** How a certificate is signed: the algorithm's OID, and whether it has NULL parameters. */
export interface SignatureAlgorithm {
  oid: string;
  nullParameters: boolean;
  /** For `crypto.sign`; null where the key brings its own digest. */
  digest: Digest | null;
}

const rsa: Record<Digest, string> = {
  sha1: '1.2.840.113549.1.1.5',
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha512: '1.2.840.113549.1.1.13',
};
const ecdsa: Record<Digest, string> = {
  sha1: '1.2.840.10045.4.1',
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
};

/** The signature algorithm of a signing key; Ed25519 and Ed448 ignore the digest. */
export function signatureAlgorithm(key: KeyObject, digest: Digest): SignatureAlgorithm {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return { oid: rsa[digest], nullParameters: true, digest };
    case 'ec':
      return { oid: ecdsa[digest], nullParameters: false, digest };
    case 'ed25519':
      return { oid: '1.3.101.112', nullParameters: false, digest: null };
    case 'ed448':
      return { oid: '1.3.101.113', nullParameters: false, digest: null };
    default:
      throw new TlsConfigError(
        `cannot sign certificates with a key of type ${key.asymmetricKeyType ?? 'unknown'}`,
      );
  }
}

/** Signs on libuv's threads. */
export function signBytes(
  algorithm: SignatureAlgorithm,
  bytes: Buffer,
  key: KeyObject,
): Promise<Buffer> {
  return signAsync(algorithm.digest, bytes, key);
}
