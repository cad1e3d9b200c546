import type { CertificateFiles, ClientTlsOptions, ServerTlsOptions } from './options.js';
import { versionNames } from './versions.js';

/**
 * What is to be known of one TLS option: all that a check, a section of a configuration file or a
 * page of reference needs.
 */
export interface TlsOptionInfo {
  /**
   * What its values are: `word` is one of `values`; `seconds` and `count` are numbers above 0,
   * `count` a whole one; `text` and the items of `texts` are not empty, `anyText` may be; `code`
   * can only be given in a program.
   */
  readonly kind: 'word' | 'text' | 'anyText' | 'texts' | 'flag' | 'seconds' | 'count' | 'code';
  /** The words of the kind `word`. */
  readonly values?: readonly string[];
  /** The value is never logged or printed. */
  readonly secret?: true;
  /** The default, in words where it depends on something; absent for none. */
  readonly default?: string | number | boolean;
  /** One sentence for people. */
  readonly description: string;
}

const shared = {
  version: {
    kind: 'word',
    values: versionNames,
    default: 'TLSv1_2',
    description: 'The one TLS version to speak',
  },
  minVersion: {
    kind: 'word',
    values: versionNames,
    description: 'Lowest TLS version; needs the highest as well, and replaces the one version',
  },
  maxVersion: {
    kind: 'word',
    values: versionNames,
    description: 'Highest TLS version; needs the lowest as well, and replaces the one version',
  },
  ciphers: {
    kind: 'text',
    default: 'ALL:!aNULL:!eNULL:!SSLv2',
    description: "Cipher list in OpenSSL's syntax",
  },
  ensureFips: {
    kind: 'flag',
    default: false,
    description: 'Refuse to start unless OpenSSL runs in FIPS mode',
  },
  caPath: { kind: 'text', description: 'File of trusted CA certificates, PEM' },
  certPaths: { kind: 'texts', description: 'More files of trusted CA certificates, PEM' },
  certPath: { kind: 'text', description: 'Own certificate file, PEM, the whole chain' },
  privateKeyPath: { kind: 'text', description: 'Private key file of that certificate, PEM' },
  privateKeyPassphrase: {
    kind: 'anyText',
    secret: true,
    description: 'Passphrase of the private key',
  },
  certVerifierTimeout: {
    kind: 'seconds',
    default: 5,
    description: 'Timeout of one call of the verifier, in seconds',
  },
  alpnProtocols: { kind: 'texts', description: 'Protocols for ALPN, preferred first' },
  watch: {
    kind: 'flag',
    default: true,
    description: 'Load certificate files again when they change',
  },
  expiryWarningDays: {
    kind: 'count',
    default: 30,
    description: 'Days before a certificate expires from which on a warning is logged',
  },
  title: { kind: 'code', description: 'Put into each log line' },
  log: { kind: 'code', description: 'Where warnings go' },
} as const satisfies Record<string, TlsOptionInfo>;

/** The options of {@link createServerContext}; {@link ServerTlsOptions} has their types. */
export const serverTlsOptions = {
  ...shared,
  certVerifier: {
    kind: 'text',
    description: 'Path of a JavaScript module that decides about each client certificate',
  },
  insecure: {
    kind: 'flag',
    default: false,
    description: 'Serve a self-signed certificate made at start, which no client can verify',
  },
  clientCertAuth: {
    kind: 'flag',
    default: 'false, or true with a verifier',
    description: 'Demand a certificate of every client, and refuse those that do not verify',
  },
  enableSystemCertStore: {
    kind: 'flag',
    default: false,
    description: "Trust the system's CAs for client certificates as well",
  },
  allowSelfSignedCert: {
    kind: 'flag',
    default: false,
    description: 'Accept self-signed client certificates',
  },
  fqdn: {
    kind: 'text',
    default: 'the host name',
    description: "The server's name, also of a generated certificate",
  },
  verifyFqdn: {
    kind: 'flag',
    default: false,
    description: 'Refuse to start when no certificate covers the name',
  },
  caCertPath: { kind: 'text', description: 'CA certificate that signs a generated one, PEM' },
  caPrivateKeyPath: { kind: 'text', description: 'Private key file of that CA, PEM' },
  caPrivateKeyPassphrase: {
    kind: 'anyText',
    secret: true,
    description: 'Passphrase of the key of that CA',
  },
  generatePrivateKeyType: {
    kind: 'word',
    values: ['rsa', 'ecdsa'],
    default: 'rsa',
    description: 'Type of a generated key',
  },
  generatePrivateKeyLength: {
    kind: 'count',
    default: 2048,
    description: 'Bits of a generated key; for ecdsa 256, 384 or 521',
  },
  generateCertCountry: {
    kind: 'text',
    default: 'US',
    description: 'Country of a generated certificate, two letters',
  },
  generateCertState: {
    kind: 'anyText',
    default: 'CA',
    description: 'State of a generated certificate',
  },
  generateCertLocality: {
    kind: 'anyText',
    default: 'Mountain View',
    description: 'Locality of a generated certificate',
  },
  generateCertCommonName: {
    kind: 'text',
    default: 'the name of the server',
    description: 'Common name of a generated certificate',
  },
  generateCertExpiration: {
    kind: 'seconds',
    default: 315_360_000,
    description: 'Life of a generated certificate, in seconds',
  },
  generateCertDigest: {
    kind: 'word',
    values: ['sha1', 'sha256', 'sha384', 'sha512'],
    default: 'sha256',
    description: 'Digest of a generated certificate',
  },
  certificates: { kind: 'code', description: 'More certificates, chosen by SNI' },
  ticketSecretPath: {
    kind: 'text',
    description: 'File of at least 32 random bytes, from which session ticket keys are derived',
  },
  ticketRotation: {
    kind: 'seconds',
    default: 43_200,
    description: 'Seconds between changes of the session ticket key',
  },
} as const satisfies Record<keyof ServerTlsOptions, TlsOptionInfo>;

/** The options of {@link createClientContext}; {@link ClientTlsOptions} has their types. */
export const clientTlsOptions = {
  ...shared,
  certVerifier: {
    kind: 'text',
    description: 'Path of a JavaScript module that decides about the certificate of the server',
  },
  insecure: { kind: 'flag', default: false, description: 'Verify nothing about the server' },
  verifyFqdn: {
    kind: 'flag',
    default: true,
    description: "Check that the server's certificate is for its name",
  },
  fqdn: {
    kind: 'text',
    default: 'the host that is connected to',
    description: 'The name to expect and to ask for',
  },
  enableSystemCertStore: { kind: 'flag', default: true, description: "Trust the system's CAs" },
  allowSelfSignedCert: {
    kind: 'flag',
    default: false,
    description: 'Accept a self-signed server certificate',
  },
} as const satisfies Record<keyof ClientTlsOptions, TlsOptionInfo>;

/** The fields of one of `certificates`; {@link CertificateFiles} has their types. */
export const certificateFileOptions = {
  certPath: { kind: 'text', description: 'Certificate file, PEM, the whole chain' },
  privateKeyPath: { kind: 'text', description: 'Private key file, PEM' },
  privateKeyPassphrase: {
    kind: 'anyText',
    secret: true,
    description: 'Passphrase of the private key',
  },
  serverNames: {
    kind: 'texts',
    default: 'those in the certificate',
    description: 'Names that the certificate is served for',
  },
} as const satisfies Record<keyof CertificateFiles, TlsOptionInfo>;
