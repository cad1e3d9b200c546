import { X509Certificate } from 'node:crypto';
import { CertificateError } from './errors.js';
import { readText } from './files.js';
import { pemBlocks } from './pem.js';

/** A certificate with the PEM text that it was read from. */
export interface PemCertificate {
  pem: string;
  x509: X509Certificate;
}

const labels = new Set(['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE']);

/**
 * The certificates of a PEM text, in order, at least one.
 *
 * @throws {@link CertificateError} where there is none, or one is broken.
 */
export function parseCertificates(
  text: string,
  origin: { option: string; file?: string },
): PemCertificate[] {
  const what = origin.file ?? origin.option;
  const blocks = pemBlocks(text).filter(({ label }) => labels.has(label));
  if (blocks.length === 0) {
    throw new CertificateError(`${what} holds no certificate in PEM form`, origin);
  }
  return blocks.map((block, index) => {
    try {
      const x509 = new X509Certificate(block.text);
      return { pem: `${block.text}\n`, x509 };
    } catch (cause) {
      throw new CertificateError(`certificate ${index + 1} in ${what} is broken`, {
        ...origin,
        cause,
      });
    }
  });
}

/** Reads all certificates of a PEM file; see {@link parseCertificates}. */
export async function readCertificates(file: string, option: string): Promise<PemCertificate[]> {
  return parseCertificates(await readText(file, option), { option, file });
}

/** Whether the certificate names and signs itself; a server's own one may not sign others. */
export function isSelfSigned(x509: X509Certificate): boolean {
  return x509.subject === x509.issuer && x509.verify(x509.publicKey);
}

/** A subject or issuer on one line, `CN=…, O=…`, the most specific part first. */
export function oneLineName(name: string): string {
  return name.split('\n').reverse().join(', ');
}
