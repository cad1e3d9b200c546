import { createPrivateKey, type KeyObject } from 'node:crypto';
import { PassphraseError, PrivateKeyError } from './errors.js';
import { isWholeSequence, pemBlocks, type PemBlock } from './pem.js';

/** Where a key came from, for error messages. */
export interface KeyOrigin {
  /** The option that named it. */
  option: string;
  /** The option that gives its passphrase. */
  passphraseOption: string;
  /** Its file, where it has one. */
  file?: string;
}

const keyTypes = new Set(['rsa', 'rsa-pss', 'ec', 'ed25519', 'ed448']);

function findKey(pem: string, origin: KeyOrigin): PemBlock {
  const found = pemBlocks(pem).find(({ label }) => label.endsWith('PRIVATE KEY'));
  if (found !== undefined) return found;
  const what = origin.file ?? origin.option;
  throw new PrivateKeyError(`${what} holds no private key in PEM form`, origin);
}

function isEncrypted(block: PemBlock): boolean {
  return block.label === 'ENCRYPTED PRIVATE KEY' || block.headers.has('DEK-Info');
}

// An encrypted old-style (PKCS#1, SEC 1) body is ciphertext, so only its length can be checked.
function isIntact(block: PemBlock): boolean {
  if (block.der === undefined) return false;
  if (block.headers.has('DEK-Info')) return block.der.length > 0 && block.der.length % 8 === 0;
  return isWholeSequence(block.der);
}

/**
 * Reads a private key: RSA, EC or Ed25519; PKCS#1, SEC 1 or PKCS#8; encrypted or not.
 *
 * @throws {@link PassphraseError} where the passphrase is missing or wrong,
 * {@link PrivateKeyError} where there is no key or it is broken. Neither carries a secret.
 */
export function parsePrivateKey(
  pem: string,
  passphrase: string | undefined,
  origin: KeyOrigin,
): KeyObject {
  const block = findKey(pem, origin);
  const what = origin.file ?? origin.option;
  const details = { ...origin, option: origin.option };
  if (!isIntact(block)) throw new PrivateKeyError(`the private key in ${what} is broken`, details);
  const encrypted = isEncrypted(block);
  if (encrypted && (passphrase === undefined || passphrase === '')) {
    throw new PassphraseError(
      `the private key in ${what} is encrypted: set ${origin.passphraseOption}`,
      { ...origin, option: origin.passphraseOption },
    );
  }
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: block.text, ...(encrypted ? { passphrase } : {}) });
  } catch (cause) {
    // Seldom a wrong passphrase decrypts to something with valid padding, and then fails as
    // malformed; the file itself was found whole above, so the passphrase is to blame.
    if (encrypted) throw undecryptable(block, what, origin, cause);
    throw new PrivateKeyError(`the private key in ${what} is broken`, { ...details, cause });
  }
  const type = key.asymmetricKeyType ?? 'unknown';
  if (!keyTypes.has(type)) {
    throw new PrivateKeyError(`the private key in ${what} has type ${type}, not for TLS`, details);
  }
  return key;
}

function undecryptable(
  block: PemBlock,
  what: string,
  origin: KeyOrigin,
  cause: unknown,
): PassphraseError | PrivateKeyError {
  const cipher = block.headers.get('DEK-Info')?.split(',')[0];
  if (cipher === 'DES-CBC' || cipher?.startsWith('RC') === true) {
    return new PrivateKeyError(
      `the private key in ${what} is encrypted with ${cipher}, which OpenSSL 3 no longer reads: ` +
        'encrypt it again, for example with openssl pkcs8 -topk8 -v2 aes-256-cbc',
      { ...origin, cause },
    );
  }
  return new PassphraseError(
    `${origin.passphraseOption} does not open the private key in ${what}`,
    {
      ...origin,
      option: origin.passphraseOption,
      cause,
    },
  );
}
