import type { X509Certificate } from 'node:crypto';
import { isSelfSigned, oneLineName } from './certificates.js';
import type { Identity } from './identity.js';
import type { Logger } from './logger.js';
import { subjectAltNames } from './names.js';

const day = 24 * 60 * 60 * 1000;

/** What a context serves or trusts, for logs and metrics; holds no secret. */
export interface CertificateReport {
  /** `own`: served; `intermediate`: sent along with it; `ca`: trusted for peers, from a file. */
  role: 'own' | 'intermediate' | 'ca';
  /** `generated` at start, or read from `file`. */
  source: 'file' | 'generated';
  /** Its path; absent where it was generated. */
  file?: string;
  /** Subject on one line, the common name first. */
  subject: string;
  /** Issuer on one line. */
  issuer: string;
  /** Issuer and subject are the same, and its own key has signed it. */
  selfSigned: boolean;
  /** DNS names and addresses in the SAN. */
  names: string[];
  /** Hexadecimal. */
  serialNumber: string;
  /** It is valid from then on. */
  notBefore: Date;
  /** It is valid until then. */
  notAfter: Date;
  /** Whole days until `notAfter`; negative when it has expired. */
  daysLeft: number;
  /** For example `rsa`, `ec`, `ed25519`. */
  keyType: string;
  /** SHA-1 fingerprint, `AA:BB:…`. */
  fingerprint: string;
  /** SHA-256 fingerprint, `AA:BB:…`. */
  fingerprint256: string;
}

/** The report about one certificate. */
export function reportCertificate(
  x509: X509Certificate,
  role: CertificateReport['role'],
  origin: { source: 'file' | 'generated'; file?: string | undefined },
): CertificateReport {
  const notAfter = new Date(x509.validTo);
  return {
    role,
    source: origin.source,
    ...(origin.file === undefined ? {} : { file: origin.file }),
    subject: oneLineName(x509.subject),
    issuer: oneLineName(x509.issuer),
    selfSigned: isSelfSigned(x509),
    names: subjectAltNames(x509),
    serialNumber: x509.serialNumber,
    notBefore: new Date(x509.validFrom),
    notAfter,
    daysLeft: Math.floor((notAfter.getTime() - Date.now()) / day),
    keyType: x509.publicKey.asymmetricKeyType ?? 'unknown',
    fingerprint: x509.fingerprint,
    fingerprint256: x509.fingerprint256,
  };
}

/** The reports about served identities and trusted CAs. */
export function reportAll(
  identities: readonly Identity[],
  trusted: readonly { x509: X509Certificate; file: string }[],
): CertificateReport[] {
  const served = identities.flatMap((identity) =>
    identity.chain.map((x509, index) =>
      reportCertificate(x509, index === 0 ? 'own' : 'intermediate', identity),
    ),
  );
  const cas = trusted.map(({ x509, file }) =>
    reportCertificate(x509, 'ca', { source: 'file', file }),
  );
  return [...served, ...cas];
}

/** Warns about certificates that have expired, are not valid yet, or expire soon. */
export function warnExpiry(
  reports: readonly CertificateReport[],
  warningDays: number,
  log: Logger,
  fields: Record<string, unknown>,
): void {
  const now = Date.now();
  for (const report of reports) {
    const { role, subject, file, notBefore, notAfter, daysLeft } = report;
    const about = { ...fields, role, subject, ...(file === undefined ? {} : { file }), daysLeft };
    if (notAfter.getTime() <= now) {
      log.warn({ ...about, notAfter }, 'certificate has expired');
    } else if (notBefore.getTime() > now) {
      log.warn({ ...about, notBefore }, 'certificate is not yet valid');
    } else if (notAfter.getTime() - now < warningDays * day) {
      log.warn({ ...about, notAfter }, 'certificate expires soon');
    }
  }
}
