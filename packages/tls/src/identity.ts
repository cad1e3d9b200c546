import type { KeyObject, X509Certificate } from 'node:crypto';
import { isSelfSigned, parseCertificates, readCertificates } from './certificates.js';
import { KeyMismatchError, TlsConfigError } from './errors.js';
import { readText } from './files.js';
import { checkIssuer, generate, type GenerateOptions } from './generate/generate.js';
import type { CertificateFiles, ServerTlsOptions } from './options.js';
import { parsePrivateKey, type KeyOrigin } from './private-key.js';
import { secretBuffer } from './secret.js';

/** A certificate with its chain and key, ready to be served. */
export interface Identity {
  /** Leaf first, then the intermediates, PEM in one text: what is sent. */
  chainPem: string;
  /** The same, parsed. */
  chain: X509Certificate[];
  /** PKCS#8 PEM, decrypted, in a buffer that does not print itself. */
  key: Buffer;
  source: 'file' | 'generated';
  file?: string;
  /** When it was loaded or generated, in milliseconds since the epoch. */
  since: number;
}

/** Reads a certificate file and its key, and checks that they belong together. */
export async function loadIdentity(files: CertificateFiles, prefix = ''): Promise<Identity> {
  const { certPath, privateKeyPath, privateKeyPassphrase } = files;
  const certificates = await readCertificates(certPath, `${prefix}certPath`);
  const origin = {
    option: `${prefix}privateKeyPath`,
    passphraseOption: `${prefix}privateKeyPassphrase`,
    file: privateKeyPath,
  };
  const key = await readKey(origin, privateKeyPassphrase);
  const chain = certificates.map(({ x509 }) => x509);
  if (!chain[0].checkPrivateKey(key)) {
    const why = chain.some((certificate) => certificate.checkPrivateKey(key))
      ? `belongs to another certificate of ${certPath} than the first: put the server's own first`
      : `does not belong to the certificate in ${certPath}`;
    throw new KeyMismatchError(`the private key in ${privateKeyPath} ${why}`, origin);
  }
  const chainPem = certificates.map(({ pem }) => pem).join('');
  return {
    chainPem,
    chain,
    key: exportKey(key),
    source: 'file',
    file: certPath,
    since: Date.now(),
  };
}

async function readKey(
  origin: KeyOrigin & { file: string },
  passphrase: string | undefined,
): Promise<KeyObject> {
  return parsePrivateKey(await readText(origin.file, origin.option), passphrase, origin);
}

function exportKey(key: KeyObject): Buffer {
  return secretBuffer(Buffer.from(key.export({ type: 'pkcs8', format: 'pem' })), 'private key');
}

/** The way that a server gets its certificate, in Fluentd's order. */
export type IdentityWay = 'files' | 'ca' | 'self-signed';

/** Picks the way: cert_path, else ca_cert_path, else insecure, else an error that names the three. */
export function identityWay(options: ServerTlsOptions): IdentityWay {
  if (options.certPath !== undefined) {
    if (options.privateKeyPath !== undefined) return 'files';
    throw new TlsConfigError('privateKeyPath is required when certPath is specified', {
      option: 'privateKeyPath',
    });
  }
  if (options.caCertPath !== undefined) {
    if (options.caPrivateKeyPath !== undefined) return 'ca';
    throw new TlsConfigError('caPrivateKeyPath is required when caCertPath is specified', {
      option: 'caPrivateKeyPath',
    });
  }
  if (options.insecure === true) return 'self-signed';
  throw new TlsConfigError(
    'no valid cert options configured. specify either certPath, caCertPath or insecure ' +
      '(cert_path, ca_cert_path or insecure in a configuration file)',
    { option: 'certPath' },
  );
}

function generateOptions(options: ServerTlsOptions): GenerateOptions {
  const commonName = options.generateCertCommonName ?? options.fqdn;
  return {
    ...(commonName === undefined ? {} : { commonName }),
    altNames: options.fqdn === undefined ? [] : [options.fqdn],
    country: options.generateCertCountry ?? 'US',
    state: options.generateCertState ?? 'CA',
    locality: options.generateCertLocality ?? 'Mountain View',
    digest: options.generateCertDigest ?? 'sha256',
    keyType: options.generatePrivateKeyType ?? 'rsa',
    keyLength: options.generatePrivateKeyLength ?? 2048,
    ...(options.generateCertExpiration === undefined
      ? {}
      : { expiration: options.generateCertExpiration }),
  };
}

/** Generates the server's certificate: self-signed, or signed by the CA in `caCertPath`. */
export async function generateIdentity(options: ServerTlsOptions): Promise<Identity> {
  const plan = generateOptions(options);
  const { caCertPath, caPrivateKeyPath } = options;
  const signed = options.certPath === undefined && caCertPath !== undefined;
  if (!signed) return identityOf(await generate('server', plan, undefined), []);
  const issuers = await readCertificates(caCertPath, 'caCertPath');
  const origin = {
    option: 'caPrivateKeyPath',
    passphraseOption: 'caPrivateKeyPassphrase',
    file: caPrivateKeyPath!,
  };
  const key = await readKey(origin, options.caPrivateKeyPassphrase);
  const issuer = checkIssuer(issuers[0].x509, key, { option: 'caCertPath', file: caCertPath });
  // Clients hold the root; an intermediate CA has to be sent along.
  const between = issuers.filter(({ x509 }) => !isSelfSigned(x509)).map(({ pem }) => pem);
  return identityOf(await generate('server', plan, issuer), between);
}

function identityOf(
  pair: { certificate: string; privateKey: string },
  between: readonly string[],
): Identity {
  const chainPem = [pair.certificate, ...between].join('');
  return {
    chainPem,
    chain: parseCertificates(chainPem, { option: 'certPath' }).map(({ x509 }) => x509),
    key: secretBuffer(Buffer.from(pair.privateKey), 'private key'),
    source: 'generated',
    since: Date.now(),
  };
}
