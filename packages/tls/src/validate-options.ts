import { getFips } from 'node:crypto';
import { TlsConfigError } from './errors.js';
import { checkKeyLength } from './generate/key-pair.js';
import {
  certificateFileOptions,
  clientTlsOptions,
  serverTlsOptions,
  type TlsOptionInfo,
} from './option-table.js';
import type { ClientTlsOptions, ServerTlsOptions } from './options.js';

interface Rule {
  readonly check: (value: unknown) => boolean;
  readonly expected: string;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isPositive = (value: unknown): boolean =>
  typeof value === 'number' && Number.isFinite(value) && value > 0;

const rules: Record<Exclude<TlsOptionInfo['kind'], 'word'>, Rule> = {
  text: { check: isText, expected: 'a string that is not empty' },
  anyText: { check: (value) => typeof value === 'string', expected: 'a string' },
  texts: {
    check: (value) => Array.isArray(value) && value.every(isText),
    expected: 'an array of strings',
  },
  flag: { check: (value) => typeof value === 'boolean', expected: 'true or false' },
  seconds: { check: isPositive, expected: 'a number above 0' },
  count: {
    check: (value) => isPositive(value) && Number.isInteger(value),
    expected: 'a whole number above 0',
  },
  code: { check: () => true, expected: '' },
};

/** What the kind does not say. */
const ownRules: Partial<Record<string, Rule>> = {
  certVerifier: {
    check: (value) =>
      isText(value) ||
      typeof value === 'function' ||
      (typeof value === 'object' &&
        typeof (value as { call?: unknown } | null)?.call === 'function'),
    expected: 'the path of a module, a function, or an object with a method call',
  },
  title: rules.anyText,
  log: {
    check: (value) => typeof value === 'object' && value !== null,
    expected: 'a logger',
  },
  generateCertCountry: {
    check: (value) => typeof value === 'string' && /^[A-Za-z]{2}$/.test(value),
    expected: 'two letters',
  },
  certificates: { check: Array.isArray, expected: 'an array of certificates' },
};

function ruleOf(name: string, { kind, values = [] }: TlsOptionInfo): Rule {
  if (kind !== 'word') return ownRules[name] ?? rules[kind];
  return {
    check: (value) => typeof value === 'string' && values.includes(value),
    expected: `one of ${values.join(', ')}`,
  };
}

function checkAll(
  options: object,
  table: Readonly<Record<string, TlsOptionInfo>>,
  prefix = '',
): void {
  for (const [name, value] of Object.entries(options)) {
    const option = prefix + name;
    // A misspelt clientCertAuth must not leave a server open.
    if (!Object.hasOwn(table, name)) {
      throw new TlsConfigError(`unknown TLS option ${option}`, { option });
    }
    if (value === undefined) continue;
    const { check, expected } = ruleOf(name, table[name]);
    if (!check(value)) throw new TlsConfigError(`${option} must be ${expected}`, { option });
  }
}

/** Checks what can be checked without reading files; throws {@link TlsConfigError}. */
export function validateServerOptions(options: ServerTlsOptions): void {
  checkAll(options, serverTlsOptions);
  for (const [index, entry] of (options.certificates ?? []).entries()) {
    const prefix = `certificates[${index}].`;
    checkAll(entry, certificateFileOptions, prefix);
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
  checkAll(options, clientTlsOptions);
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
