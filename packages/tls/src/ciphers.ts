import { createSecureContext } from 'node:tls';
import { TlsConfigError } from './errors.js';
import type { VersionRange } from './versions.js';

/** Fluentd's default list of ciphers. */
export const defaultCiphers = 'ALL:!aNULL:!eNULL:!SSLv2';

// In OpenSSL the cipher list is for TLS 1.2 and below, and TLS 1.3 has a list of its own that Node
// fills from the TLS_… names in `ciphers`. A list without one would silently turn TLS 1.3 off.
const tls13Suites = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
];

// What an exclusion by algorithm means for TLS 1.3: who writes !CHACHA20 wants no ChaCha20 at all.
const exclusions = new Map<string, RegExp>([
  ['AES', /_AES_/],
  ['AESGCM', /_GCM_/],
  ['AES128', /_AES_128_/],
  ['AES256', /_AES_256_/],
  ['CHACHA20', /_CHACHA20_/],
]);

/**
 * Turns an OpenSSL cipher list into one for Node's `ciphers` that works for every version in the
 * range: TLS 1.3 suites are added where the list names none, `!TLS_…` and exclusions by algorithm
 * hold for TLS 1.3 too, and `@SECLEVEL=0` is added where something needs it.
 *
 * @param lowerSecurityLevel whether TLS 1.1 or a SHA-1 signature needs OpenSSL's security level 0.
 * @throws {@link TlsConfigError} where the list leaves no cipher for a version of the range.
 */
export function cipherList(
  ciphers: string,
  range: VersionRange,
  lowerSecurityLevel: boolean,
): string {
  const tokens = ciphers.split(/[:, ]+/).filter((token) => token !== '');
  const legacy: string[] = [];
  const excluded: string[] = [];
  let suites: string[] = [];
  for (const token of tokens) {
    const operator = /^[!+-]/.exec(token)?.[0] ?? '';
    const name = token.slice(operator.length);
    if (name.startsWith('TLS_')) {
      if (operator === '') suites.push(name);
      else if (operator !== '+') excluded.push(name);
      continue;
    }
    legacy.push(token);
    const pattern = operator === '!' || operator === '-' ? exclusions.get(name) : undefined;
    if (pattern !== undefined) excluded.push(...tls13Suites.filter((suite) => pattern.test(suite)));
  }
  if (suites.length === 0) suites = tls13Suites;
  suites = suites.filter((suite) => !excluded.includes(suite));

  const fault = (version: string): TlsConfigError =>
    new TlsConfigError(`ciphers leaves no cipher for ${version}, which the versions allow`, {
      option: 'ciphers',
    });
  if (range.max === 'TLSv1.3' && suites.length === 0) throw fault('TLSv1_3');
  if (range.min !== 'TLSv1.3' && legacy.every((token) => token.startsWith('@'))) {
    throw fault(range.min.replace('.', '_'));
  }
  const list = range.max === 'TLSv1.3' ? [...suites, ...legacy] : legacy;
  if (lowerSecurityLevel && !ciphers.includes('@SECLEVEL')) list.push('@SECLEVEL=0');
  const result = list.join(':');
  try {
    createSecureContext({ ciphers: result, minVersion: range.min, maxVersion: range.max });
  } catch (cause) {
    throw new TlsConfigError(`OpenSSL refuses the list of ciphers: ${ciphers}`, {
      option: 'ciphers',
      cause,
    });
  }
  return result;
}
