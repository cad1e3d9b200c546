import { vi } from 'vitest';
import {
  generateCa,
  issueClientCertificate,
  issueServerCertificate,
  type CertificatePair,
  type GenerateOptions,
} from '../../src/index.js';
import { temporaryFolder } from './folder.js';

export interface Authority {
  ca: CertificatePair;
  server: (options?: GenerateOptions) => Promise<CertificatePair>;
  client: (options?: GenerateOptions) => Promise<CertificatePair>;
}

/** A CA with quick keys. */
export async function authority(commonName = 'Test CA'): Promise<Authority> {
  const ca = await generateCa({ keyType: 'ecdsa', commonName });
  const by = {
    keyType: 'ecdsa',
    caCertificate: ca.certificate,
    caPrivateKey: ca.privateKey,
  } as const;
  return {
    ca,
    server: (options) => issueServerCertificate({ ...by, ...options }),
    client: (options) => issueClientCertificate({ ...by, ...options }),
  };
}

/** Writes a pair into a temporary folder, as the options of a server. */
export async function files(
  pair: CertificatePair,
): Promise<{ certPath: string; privateKeyPath: string }> {
  const { file } = await temporaryFolder();
  return {
    certPath: await file('cert.pem', pair.certificate),
    privateKeyPath: await file('key.pem', pair.privateKey),
  };
}

/** Makes a certificate as if it were yesterday, so that one with a short life has expired. */
export async function yesterday<T>(make: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 24 * 60 * 60 * 1000 });
  try {
    return await make();
  } finally {
    vi.useRealTimers();
  }
}
