export { createServerContext } from './server-context.js';
export type { ReloadCounts, ServerTls } from './server-context.js';
export { createClientContext } from './client-context.js';
export type { ClientTls } from './client-context.js';
export type {
  CertificateFiles,
  CertVerifier,
  ClientTlsOptions,
  CommonTlsOptions,
  ServerTlsOptions,
  VerifyCallback,
  VerifyContext,
} from './options.js';
export {
  certificateFileOptions,
  clientTlsOptions,
  serverTlsOptions,
  type TlsOptionInfo,
} from './option-table.js';
export type { TlsVersion } from './versions.js';
export type { PeerAccepted, PeerRefused, PeerVerdict } from './verify-peer.js';
export type { CertificateReport } from './report.js';
export type { Logger, LogMethod } from './logger.js';
export {
  generateCa,
  generateSelfSigned,
  issueClientCertificate,
  issueServerCertificate,
} from './generate/generate.js';
export type { CertificatePair, GenerateOptions, IssueOptions } from './generate/generate.js';
export type { KeyType } from './generate/key-pair.js';
export type { Digest } from './generate/signing.js';
export { shareTicketKeys } from './cluster-ticket-keys.js';
export {
  CertificateError,
  CertVerifierError,
  FqdnError,
  KeyMismatchError,
  PassphraseError,
  PrivateKeyError,
  TlsConfigError,
  TlsError,
  TlsFileError,
} from './errors.js';
export type { TlsErrorDetails } from './errors.js';
export { createDevelopmentCa } from './development-ca.js';
export type { CertificatePaths, DevelopmentCa, DevelopmentCaOptions } from './development-ca.js';
