import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';

/** Whether the certificate is valid for the name or address, as a browser decides: by SAN only. */
export function coversName(x509: X509Certificate, name: string): boolean {
  if (isIP(name) !== 0) return x509.checkIP(name) !== undefined;
  const ascii = domainToASCII(name);
  return ascii !== '' && x509.checkHost(ascii, { subject: 'never' }) !== undefined;
}

/** A name as it goes into a certificate's SAN. */
export interface AltName {
  type: 'dns' | 'ip';
  value: string;
}

/** Sorts names and addresses into DNS and IP; what is neither (`My Dev CA`) is left out. */
export function altNames(names: Iterable<string>): AltName[] {
  const result = new Map<string, AltName>();
  for (const name of names) {
    const bare = name.replace(/^\[(.*)\]$/, '$1');
    if (isIP(bare) !== 0) {
      result.set(`ip:${bare}`, { type: 'ip', value: bare });
      continue;
    }
    const wildcard = bare.startsWith('*.') ? '*.' : '';
    const ascii = domainToASCII(bare.slice(wildcard.length));
    if (!/^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?$/.test(ascii)) continue;
    const value = wildcard + ascii.replace(/\.$/, '');
    result.set(`dns:${value}`, { type: 'dns', value });
  }
  return [...result.values()];
}

/** The DNS names and addresses that a certificate is for, from its SAN. */
export function subjectAltNames(x509: X509Certificate): string[] {
  const text = x509.subjectAltName;
  if (text === undefined) return [];
  // Values with a comma or quote are printed as JSON strings.
  const entry = /(DNS|IP Address):("(?:[^"\\]|\\.)*"|[^,]*)/g;
  return [...text.matchAll(entry)].map(([, , value = '']) =>
    value.startsWith('"') ? (JSON.parse(value) as string) : value,
  );
}
