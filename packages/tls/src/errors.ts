/** What a {@link TlsError} is about. Every field is safe to log: secrets never get in here. */
export interface TlsErrorDetails {
  /** The option at fault, in its camelCase name. */
  option?: string;
  /** The file at fault. */
  file?: string;
  /** The underlying error. */
  cause?: unknown;
}

/** The parent of every error that this package throws. */
export class TlsError extends Error {
  /** A stable code, `ERR_SLUICE_TLS_…`. */
  readonly code: string;
  /** The option at fault, in its camelCase name. */
  readonly option?: string;
  /** The file at fault. */
  readonly file?: string;

  constructor(code: string, message: string, details: TlsErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    if (details.option !== undefined) this.option = details.option;
    if (details.file !== undefined) this.file = details.file;
  }
}

/** An option is unknown, has a wrong value, or does not go with another one. */
export class TlsConfigError extends TlsError {
  constructor(message: string, details?: TlsErrorDetails) {
    super('ERR_SLUICE_TLS_CONFIG', message, details);
  }
}

/** A file cannot be read (missing, a folder, no permission). */
export class TlsFileError extends TlsError {
  constructor(message: string, details?: TlsErrorDetails) {
    super('ERR_SLUICE_TLS_FILE', message, details);
  }
}

/** A file was read, but holds no usable certificate. */
export class CertificateError extends TlsError {
  constructor(message: string, details?: TlsErrorDetails) {
    super('ERR_SLUICE_TLS_CERTIFICATE', message, details);
  }
}

/** A file was read, but holds no usable private key. */
export class PrivateKeyError extends TlsError {
  constructor(message: string, details?: TlsErrorDetails) {
    super('ERR_SLUICE_TLS_PRIVATE_KEY', message, details);
  }
}

/** A private key is encrypted, and the passphrase is missing or wrong. */
export class PassphraseError extends TlsError {
  constructor(message: string, details?: TlsErrorDetails) {
    super('ERR_SLUICE_TLS_PASSPHRASE', message, details);
  }
}

/** A private key and a certificate do not belong to each other. */
export class KeyMismatchError extends TlsError {
  constructor(message: string, details?: TlsErrorDetails) {
    super('ERR_SLUICE_TLS_KEY_MISMATCH', message, details);
  }
}

/** With `verifyFqdn`: no certificate of the server covers `fqdn`. */
export class FqdnError extends TlsError {
  constructor(message: string, details?: TlsErrorDetails) {
    super('ERR_SLUICE_TLS_FQDN', message, details);
  }
}

/** The module named by `certVerifier` cannot be loaded, or gives nothing that can be called. */
export class CertVerifierError extends TlsError {
  constructor(message: string, details?: TlsErrorDetails) {
    super('ERR_SLUICE_TLS_CERT_VERIFIER', message, details);
  }
}
