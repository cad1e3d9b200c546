import { getFips } from 'node:crypto';
import { TlsConfigError } from './errors.js';
import { checkKeyLength } from './generate/key-pair.js';
import type { CertificateFiles, ClientTlsOptions, ServerTlsOptions } from './options.js';

type Check = (value: unknown) => boolean;
interface Rule {
  check: Check;
  expected: string;
}

const text: Rule = {
  check: (value) => typeof value === 'string' && value !== '',
  expected: 'a text that is not empty',
};
const anyText: Rule = { check: (value) => typeof value === 'string', expected: 'a text' };
const flag: Rule = { check: (value) => typeof value === 'boolean', expected: 'true or false' };
const positive: Rule = {
  check: (value) => typeof value === 'number' && Number.isFinite(value) && value > 0,
  expected: 'a number above 0',
};
const texts: Rule = {
  check: (value) => Array.isArray(value) && value.every((item) => text.check(item)),
  expected: 'an array of texts',
};
const oneOf = (...names: string[]): Rule => ({
  check: (value) => typeof value === 'string' && names.includes(value),
  expected: `one of ${names.join(', ')}`,
});

const common = {
  version: anyText,
  minVersion: anyText,
  maxVersion: anyText,
  ciphers: text,
  ensureFips: flag,
  caPath: text,
  certPaths: texts,
  certPath: text,
  privateKeyPath: text,
  privateKeyPassphrase: anyText,
  certVerifier: {
    check: (value: unknown) =>
      text.check(value) ||
      typeof value === 'function' ||
      (typeof value === 'object' &&
        typeof (value as { call?: unknown } | null)?.call === 'function'),
    expected: 'the path of a module, a function, or an object with a method call',
  },
  certVerifierTimeout: positive,
  alpnProtocols: texts,
  watch: flag,
  expiryWarningDays: positive,
  title: anyText,
  log: { check: (value: unknown) => typeof value === 'object', expected: 'a logger' },
  insecure: flag,
  verifyFqdn: flag,
  fqdn: text,
  enableSystemCertStore: flag,
  allowSelfSignedCert: flag,
} satisfies Record<string, Rule>;

const clientRules: Record<keyof ClientTlsOptions, Rule> = common;

const serverRules: Record<keyof ServerTlsOptions, Rule> = {
  ...common,
  clientCertAuth: flag,
  caCertPath: text,
  caPrivateKeyPath: text,
  caPrivateKeyPassphrase: anyText,
  generatePrivateKeyType: oneOf('rsa', 'ecdsa'),
  generatePrivateKeyLength: positive,
  generateCertCountry: {
    check: (value) => typeof value === 'string' && /^[A-Za-z]{2}$/.test(value),
    expected: 'two letters',
  },
  generateCertState: anyText,
  generateCertLocality: anyText,
  generateCertCommonName: text,
  generateCertExpiration: positive,
  generateCertDigest: oneOf('sha1', 'sha256', 'sha384', 'sha512'),
  certificates: { check: Array.isArray, expected: 'an array of certificates' },
  ticketSecretPath: text,
  ticketRotation: positive,
};

const fileRules: Record<keyof CertificateFiles, Rule> = {
  certPath: text,
  privateKeyPath: text,
  privateKeyPassphrase: anyText,
  serverNames: texts,
};

function checkAll(options: object, rules: Record<string, Rule>, prefix = ''): void {
  for (const [name, value] of Object.entries(options)) {
    const option = prefix + name;
    // A misspelt clientCertAuth must not leave a server open.
    if (!Object.hasOwn(rules, name)) {
      throw new TlsConfigError(`unknown TLS option ${option}`, { option });
    }
    if (value === undefined) continue;
    const { check, expected } = rules[name];
    if (!check(value)) throw new TlsConfigError(`${option} must be ${expected}`, { option });
  }
}

/** Checks what can be checked without reading files; throws {@link TlsConfigError}. */
export function validateServerOptions(options: ServerTlsOptions): void {
  checkAll(options, serverRules);
  for (const [index, entry] of (options.certificates ?? []).entries()) {
    const prefix = `certificates[${index}].`;
    checkAll(entry, fileRules, prefix);
    for (const name of ['certPath', 'privateKeyPath'] as const) {
      if (entry[name] as unknown) continue;
      const option = prefix + name;
      throw new TlsConfigError(`${option} is required`, { option });
    }
  }
  if (options.certVerifier !== undefined && options.clientCertAuth === false) {
    throw new TlsConfigError(
      'certVerifier is never called with clientCertAuth false: remove one of the two',
      { option: 'certVerifier' },
    );
  }
  checkKeyLength(
    // A length for RSA, as in the default, means P-256 for ecdsa.
    'rsa',
    options.generatePrivateKeyType === 'ecdsa' ? 2048 : (options.generatePrivateKeyLength ?? 2048),
    'generatePrivateKeyLength',
  );
  requireFips(options.ensureFips);
}

/** Checks what can be checked without reading files; throws {@link TlsConfigError}. */
export function validateClientOptions(options: ClientTlsOptions): void {
  checkAll(options, clientRules);
  if (options.certPath === undefined && options.privateKeyPath !== undefined) {
    throw new TlsConfigError('privateKeyPath needs certPath', { option: 'certPath' });
  }
  if (options.certPath !== undefined && options.privateKeyPath === undefined) {
    throw new TlsConfigError('certPath needs privateKeyPath', { option: 'privateKeyPath' });
  }
  requireFips(options.ensureFips);
}

function requireFips(ensure: boolean | undefined): void {
  if (ensure !== true || getFips() === 1) return;
  throw new TlsConfigError(
    'ensureFips is set, but OpenSSL does not run in FIPS mode (see node --enable-fips)',
    { option: 'ensureFips' },
  );
}
