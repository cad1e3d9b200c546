import type { X509Certificate } from 'node:crypto';
import { readCertificates } from './certificates.js';
import { systemCertificates } from './system-store.js';

/** The certificates that a peer's chain may end at. */
export interface Trust {
  /** All of them, PEM, for Node's `ca`. */
  ca: string[];
  /** Those from the configured files, parsed. */
  own: { x509: X509Certificate; file: string }[];
}

/** Reads the trusted CAs from `caPath`, `certPaths` and the system's store. */
export async function loadTrust(options: {
  caPath?: string;
  certPaths?: readonly string[];
  systemStore: boolean;
}): Promise<Trust> {
  const trust: Trust = { ca: [], own: [] };
  const files: [string, string][] = (options.certPaths ?? []).map((file) => ['certPaths', file]);
  if (options.caPath !== undefined) files.unshift(['caPath', options.caPath]);
  for (const [option, file] of files) {
    for (const { pem, x509 } of await readCertificates(file, option)) {
      trust.ca.push(pem);
      trust.own.push({ x509, file });
    }
  }
  if (options.systemStore) trust.ca.push(...(await systemCertificates()));
  return trust;
}
