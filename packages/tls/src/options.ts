import type { X509Certificate } from 'node:crypto';
import type { Logger } from './logger.js';
import type { TlsVersion } from './versions.js';
import type { Digest } from './generate/signing.js';
import type { KeyType } from './generate/key-pair.js';

/** What a peer verifier is told about the certificate it is called for. */
export interface VerifyContext {
  /** The peer's chain, its own certificate first, towards the root. */
  readonly chain: readonly X509Certificate[];
  /** The certificate that this call is about. */
  readonly currentCertificate: X509Certificate;
  /** Its place in the chain: 0 is the peer's own certificate. */
  readonly depth: number;
  /** `OK`, or what is wrong with this certificate, as Node names it: `CERT_HAS_EXPIRED`. */
  readonly errorCode: string;
  /** The same in words, as OpenSSL says it: `certificate has expired`. */
  readonly errorText: string;
}

/**
 * Decides about one certificate of a peer's chain, as OpenSSL's verify_callback does: `ok` is what
 * the standard checks say, and what is returned replaces it.
 */
export type VerifyCallback = (ok: boolean, context: VerifyContext) => boolean | Promise<boolean>;

/** A verifier: a function, or an object with a method `call`. */
export type CertVerifier =
  | VerifyCallback
  | {
      /** As the function. */
      call: VerifyCallback;
    };

/** What server and client contexts have in common. */
export interface CommonTlsOptions {
  /** Exactly this protocol version (Fluentd `version`). Default `TLSv1_2`. */
  version?: TlsVersion;
  /** Lowest version; goes with `maxVersion` and replaces `version` (`min_version`). */
  minVersion?: TlsVersion;
  /** Highest version; goes with `minVersion` and replaces `version` (`max_version`). */
  maxVersion?: TlsVersion;
  /**
   * OpenSSL cipher list (`ciphers`). Default `ALL:!aNULL:!eNULL:!SSLv2`. TLS 1.3 suites are named
   * `TLS_…`; without any, all three standard suites are on, less what `!TLS_…`, `!AES128` and the
   * like exclude.
   */
  ciphers?: string;
  /** Refuse to start unless OpenSSL runs in FIPS mode (`ensure_fips`). Default false. */
  ensureFips?: boolean;
  /** A file of certificates of trusted CAs, PEM (`ca_path`). */
  caPath?: string;
  /** More files of trusted certificates, PEM (`cert_paths`). */
  certPaths?: readonly string[];
  /** Own certificate, PEM, leaf first; the chain is sent whole (`cert_path`). */
  certPath?: string;
  /** The private key of `certPath`, PEM (`private_key_path`). */
  privateKeyPath?: string;
  /** The passphrase of the private key (`private_key_passphrase`). Secret. */
  privateKeyPassphrase?: string;
  /**
   * Decides about the peer's certificates: the path of a JavaScript module whose default export is
   * a {@link CertVerifier}, or the verifier itself (`cert_verifier`).
   */
  certVerifier?: string | CertVerifier;
  /** Seconds that one call of the verifier may take before the peer is refused. Default 5. */
  certVerifierTimeout?: number;
  /** Protocols to negotiate by ALPN, preferred first. Default: no ALPN. */
  alpnProtocols?: readonly string[];
  /** Load changed files without a restart, by watching them. Default true. */
  watch?: boolean;
  /** Warn this many days before a certificate expires. Default 30. */
  expiryWarningDays?: number;
  /** Put into each log line, for example the title of the server. */
  title?: string;
  /** Where warnings go: a pino logger or one like it. Default: nowhere. */
  log?: Logger;
}

/** One more certificate of a server, chosen by the name that the client asks for (SNI). */
export interface CertificateFiles {
  /** Certificate, PEM, leaf first. */
  certPath: string;
  /** Its private key, PEM. */
  privateKeyPath: string;
  /** The passphrase of the key. Secret. */
  privateKeyPassphrase?: string;
  /** Names it is served for, `*.example.org` included. Default: the DNS names in its SAN. */
  serverNames?: readonly string[];
}

/** Options of {@link createServerContext}; each field names Fluentd's parameter. */
export interface ServerTlsOptions extends CommonTlsOptions {
  /**
   * Without `certPath` and `caCertPath`: serve a self-signed certificate made at start, which no
   * client can verify (`insecure`). Default false.
   */
  insecure?: boolean;
  /**
   * Demand a client certificate, and refuse clients whose certificate does not verify
   * (`client_cert_auth`). Default false; true where `certVerifier` is set.
   */
  clientCertAuth?: boolean;
  /** With `privateKey` of the CA: sign a server certificate at start (`ca_cert_path`). */
  caCertPath?: string;
  /** The CA's private key, PEM (`ca_private_key_path`). */
  caPrivateKeyPath?: string;
  /** The passphrase of the CA's key (`ca_private_key_passphrase`). Secret. */
  caPrivateKeyPassphrase?: string;
  /** `rsa` or `ecdsa` (`generate_private_key_type`). Default `rsa`. */
  generatePrivateKeyType?: KeyType;
  /** Bits; for `ecdsa` 256, 384 or 521 (`generate_private_key_length`). Default 2048. */
  generatePrivateKeyLength?: number;
  /** Two letters (`generate_cert_country`). Default `US`. */
  generateCertCountry?: string;
  /** `generate_cert_state`. Default `CA`. */
  generateCertState?: string;
  /** `generate_cert_locality`. Default `Mountain View`. */
  generateCertLocality?: string;
  /** `generate_cert_common_name`. Default: `fqdn`, else the host name. */
  generateCertCommonName?: string;
  /** Seconds (`generate_cert_expiration`). Default 10 years. */
  generateCertExpiration?: number;
  /** `sha1`, `sha256`, `sha384` or `sha512` (`generate_cert_digest`). Default `sha256`. */
  generateCertDigest?: Digest;
  /** Refuse to start when no certificate covers `fqdn` (`verify_fqdn`). Default false. */
  verifyFqdn?: boolean;
  /** The server's name, also of a generated certificate (`fqdn`). Default: the host name. */
  fqdn?: string;
  /** Trust the system's CAs for client certificates (`enable_system_cert_store`). Default false. */
  enableSystemCertStore?: boolean;
  /** Let self-signed client certificates in (`allow_self_signed_cert`). Default false. */
  allowSelfSignedCert?: boolean;
  /** More certificates, chosen by SNI. Names that none covers get the main certificate. */
  certificates?: readonly CertificateFiles[];
  /**
   * A file of at least 32 random bytes: session ticket keys are derived from it, so that all
   * processes and hosts that read it resume each other's sessions. Default: keys from the cluster's
   * primary where it has this package loaded, else random ones of this process.
   */
  ticketSecretPath?: string;
  /** Seconds between changes of the session ticket key. Default 43,200 (12 hours). */
  ticketRotation?: number;
}

/** Options of {@link createClientContext}. */
export interface ClientTlsOptions extends CommonTlsOptions {
  /** Verify nothing about the server (`insecure`). Default false. */
  insecure?: boolean;
  /** Check that the server's certificate is for its name (`verify_fqdn`). Default true. */
  verifyFqdn?: boolean;
  /** The name to expect and to ask for, instead of the host connected to (`fqdn`). */
  fqdn?: string;
  /** Trust the system's CAs (`enable_system_cert_store`). Default true. */
  enableSystemCertStore?: boolean;
  /** Accept a self-signed server certificate (`allow_self_signed_cert`). Default false. */
  allowSelfSignedCert?: boolean;
}
