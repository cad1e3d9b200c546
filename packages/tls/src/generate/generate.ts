import { X509Certificate, type KeyObject } from 'node:crypto';
import { hostname } from 'node:os';
import { parseCertificates } from '../certificates.js';
import { CertificateError, KeyMismatchError, TlsConfigError } from '../errors.js';
import { altNames } from '../names.js';
import { parsePrivateKey } from '../private-key.js';
import { buildCertificate, type Usage } from './build-certificate.js';
import { checkKeyLength, generateKeys, type KeyType } from './key-pair.js';
import type { Digest } from './signing.js';

/** What all generated certificates have in common. */
export interface GenerateOptions {
  /** Subject common name. Default: the host name (for a CA `Sluice development CA`). */
  commonName?: string;
  /** Further DNS names and IP addresses for the SAN. */
  altNames?: readonly string[];
  /** Subject country, two letters. Default `US`. */
  country?: string;
  /** Subject state or province. Default `CA`. */
  state?: string;
  /** Subject locality. Default `Mountain View`. */
  locality?: string;
  /** Lifetime in seconds from now. Default 10 years. */
  expiration?: number;
  /** Digest of the signature. Default `sha256`. */
  digest?: Digest;
  /** Kind of key. Default `rsa`. */
  keyType?: KeyType;
  /** Key length in bits; for `ecdsa` 256, 384 or 521 pick the curve. Default 2048. */
  keyLength?: number;
  /** Encrypts the private key (PKCS#8, AES-256-CBC). Default: not encrypted. */
  passphrase?: string;
}

/** Options for a certificate signed by a CA. */
export interface IssueOptions extends GenerateOptions {
  /** The CA's certificate, PEM; of several the first one signs. */
  caCertificate: string;
  /** The CA's private key, PEM: RSA, EC or Ed25519. */
  caPrivateKey: string;
  /** The passphrase of the CA's private key. */
  caPassphrase?: string;
  /** URLs of the CA's revocation list, for verifiers that look it up. Default: none. */
  crlUrls?: readonly string[];
}

/** A certificate and its private key, both PEM. */
export interface CertificatePair {
  /** `-----BEGIN CERTIFICATE-----` */
  certificate: string;
  /** PKCS#8, `-----BEGIN PRIVATE KEY-----`, or `ENCRYPTED PRIVATE KEY` with a passphrase. */
  privateKey: string;
}

const tenYears = 10 * 365 * 24 * 60 * 60;
// Backdated, so that a peer whose clock is behind does not find the certificate "not yet valid".
const backdatedMilliseconds = 60 * 60 * 1000;
const digests: readonly string[] = ['sha1', 'sha256', 'sha384', 'sha512'];

/**
 * A self-signed certificate for a server or a client, also good for the host name and loopback.
 * Whoever meets it has to trust it by itself.
 */
export function generateSelfSigned(options: GenerateOptions = {}): Promise<CertificatePair> {
  return generate('peer', options, undefined);
}

/** A self-signed certificate authority, to issue certificates with. */
export function generateCa(options: GenerateOptions = {}): Promise<CertificatePair> {
  return generate('ca', options, undefined);
}

/**
 * A server certificate signed by a CA: SAN for the common name, `altNames`, the host name and
 * loopback. It does not outlive the CA's certificate.
 */
export async function issueServerCertificate(options: IssueOptions): Promise<CertificatePair> {
  return generate('server', options, readIssuer(options));
}

/** A client certificate signed by a CA, for mutual TLS. */
export async function issueClientCertificate(options: IssueOptions): Promise<CertificatePair> {
  return generate('client', options, readIssuer(options));
}

/** A CA that has been checked: it may sign, and the key is its own. */
export interface Issuer {
  certificate: X509Certificate;
  privateKey: KeyObject;
}

/** Checks that certificate and key are a CA's; the options are named in the errors. */
export function checkIssuer(
  certificate: X509Certificate,
  privateKey: KeyObject,
  origin: { option: string; file?: string },
): Issuer {
  const what = origin.file ?? origin.option;
  if (!certificate.ca) throw new CertificateError(`${what} is not a CA certificate`, origin);
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new KeyMismatchError(`the CA's private key does not belong to ${what}`, origin);
  }
  if (Date.parse(certificate.validTo) <= Date.now()) {
    throw new CertificateError(
      `the CA certificate ${what} expired on ${certificate.validTo}`,
      origin,
    );
  }
  return { certificate, privateKey };
}

function readIssuer(options: IssueOptions): Issuer {
  const origin = { option: 'caCertificate' };
  const [first] = parseCertificates(options.caCertificate, origin);
  const privateKey = parsePrivateKey(options.caPrivateKey, options.caPassphrase, {
    option: 'caPrivateKey',
    passphraseOption: 'caPassphrase',
  });
  return checkIssuer(first.x509, privateKey, origin);
}

/** Generates a pair; `issuer` undefined means self-signed. */
export async function generate(
  usage: Usage,
  options: GenerateOptions & Pick<IssueOptions, 'crlUrls'>,
  issuer: Issuer | undefined,
): Promise<CertificatePair> {
  const { digest = 'sha256', keyType = 'rsa', keyLength = 2048, expiration = tenYears } = options;
  checkOptions(options);
  checkKeyLength(keyType, keyLength, 'keyLength');
  const { publicKey, privateKey } = await generateKeys(keyType, keyLength);
  const now = Date.now();
  const end = now + expiration * 1000;
  const issuerEnd = issuer === undefined ? Infinity : Date.parse(issuer.certificate.validTo);
  const commonName = options.commonName ?? (usage === 'ca' ? 'Sluice development CA' : hostname());
  const bytes = await buildCertificate({
    usage,
    subject: subject(options, commonName),
    altNames: altNames(names(usage, commonName, options.altNames ?? [])),
    crlUrls: crlUrls(options.crlUrls ?? []),
    notBefore: new Date(now - backdatedMilliseconds),
    notAfter: new Date(Math.min(end, issuerEnd)),
    digest,
    publicKey,
    signingKey: issuer?.privateKey ?? privateKey,
    ...(issuer === undefined ? {} : { issuer: issuer.certificate }),
  });
  const { passphrase } = options;
  return {
    certificate: new X509Certificate(bytes).toString(),
    privateKey: privateKey.export({
      type: 'pkcs8',
      format: 'pem',
      ...(passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }),
    }) as string,
  };
}

function names(usage: Usage, commonName: string, extra: readonly string[]): string[] {
  if (usage === 'ca') return [...extra];
  if (usage === 'client') return [commonName, ...extra];
  return [commonName, ...extra, hostname(), 'localhost', '127.0.0.1', '::1'];
}

function crlUrls(urls: readonly string[]): string[] {
  return urls.map((url) => {
    if (URL.canParse(url)) return new URL(url).href; // ASCII, as a certificate needs it
    throw new TlsConfigError(`crlUrls: ${url} is not a URL`, { option: 'crlUrls' });
  });
}

// X.520 bounds a common name to 64 characters; a longer host name stands in the SAN alone.
function subject(options: GenerateOptions, commonName: string): (readonly [string, string])[] {
  const { country = 'US', state = 'CA', locality = 'Mountain View' } = options;
  const all = [
    ['C', country],
    ['ST', state],
    ['L', locality],
    ['CN', Array.from(commonName).length > 64 ? '' : commonName],
  ] as const;
  return all.filter(([, value]) => value !== '');
}

function checkOptions(options: GenerateOptions): void {
  const { country, expiration, digest, keyType } = options;
  const fail = (option: string, what: string): never => {
    throw new TlsConfigError(`${option} must be ${what}`, { option });
  };
  if (country !== undefined && !/^([A-Za-z]{2})?$/.test(country)) fail('country', 'two letters');
  if (expiration !== undefined && !(Number.isFinite(expiration) && expiration > 0)) {
    fail('expiration', 'a positive number of seconds');
  }
  if (digest !== undefined && !digests.includes(digest)) {
    fail('digest', 'sha1, sha256, sha384 or sha512');
  }
  if (keyType !== undefined && !['rsa', 'ecdsa'].includes(keyType)) fail('keyType', 'rsa or ecdsa');
}
