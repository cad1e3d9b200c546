import { access, readFile } from 'node:fs/promises';
import * as tls from 'node:tls';
import { pemBlocks } from './pem.js';

// Where the distributions keep the bundle that OpenSSL's default paths lead to.
const bundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

type StoreReader = (type: 'system') => string[];

/** The file with the system's CAs: `SSL_CERT_FILE`, else the distribution's bundle. */
async function systemBundle(): Promise<string | undefined> {
  const chosen = process.env.SSL_CERT_FILE;
  if (chosen !== undefined && chosen !== '') return chosen;
  for (const file of bundles) {
    try {
      await access(file);
      return file;
    } catch {
      continue; // another distribution
    }
  }
  return undefined;
}

/**
 * The CAs that the system trusts, PEM. Where the system has no bundle and Node cannot ask it
 * (Node 20 on macOS and Windows), the CAs that come with Node.
 */
export async function systemCertificates(): Promise<string[]> {
  const file = await systemBundle();
  if (file !== undefined) {
    const blocks = pemBlocks(await readFile(file, 'latin1'));
    return blocks.filter(({ label }) => label.endsWith('CERTIFICATE')).map(({ text }) => text);
  }
  // From Node 22.15 on.
  const read = (tls as { getCACertificates?: StoreReader }).getCACertificates;
  return read?.('system') ?? [...tls.rootCertificates];
}
