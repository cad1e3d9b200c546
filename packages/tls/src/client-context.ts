import { isIP } from 'node:net';
import tls, { type ConnectionOptions, type SecureContext, type TLSSocket } from 'node:tls';
import { loadCertVerifier } from './cert-verifier.js';
import { cipherList, defaultCiphers } from './ciphers.js';
import { CertificateError } from './errors.js';
import { loadIdentity, type Identity } from './identity.js';
import { silentLogger } from './logger.js';
import { coversName, subjectAltNames } from './names.js';
import type { ClientTlsOptions } from './options.js';
import { peerChain } from './peer-chain.js';
import { Reloader } from './reloader.js';
import { reportAll, warnExpiry, type CertificateReport } from './report.js';
import { loadTrust, type Trust } from './trust.js';
import { validateClientOptions } from './validate-options.js';
import { accepted, PeerVerifier, refuse, type PeerVerdict } from './verify-peer.js';
import { versionRange } from './versions.js';

/** The TLS half of a client; see {@link createClientContext}. */
export interface ClientTls {
  /**
   * For `tls.connect({ host, port, ...connectOptions(host) })`. Node itself verifies nothing: call
   * `verifyPeer` on `secureConnect`, before anything is sent.
   *
   * @param host name or address to connect to; `fqdn` goes before it.
   */
  connectOptions(host: string): ConnectionOptions;
  /**
   * Says whether the server is the one that is wanted.
   *
   * @param host what `connectOptions` was given. Default: the name asked for, or the address.
   */
  verifyPeer(socket: TLSSocket, host?: string): PeerVerdict | Promise<PeerVerdict>;
  /** The client's own certificate and the CAs from files. */
  report(): CertificateReport[];
  /** Reads all files again; `false` where they are broken and the old ones stay. */
  reload(): Promise<boolean>;
  /** Stops watching files and timers. */
  close(): void;
}

interface Loaded {
  context: SecureContext;
  identity: Identity | undefined;
  trust: Trust;
  peers: PeerVerifier;
}

/**
 * Makes the TLS half of a client: which CAs it trusts, its own certificate, and how the server is
 * verified.
 *
 * @throws a {@link TlsError} that names the option or file at fault.
 */
export async function createClientContext(options: ClientTlsOptions = {}): Promise<ClientTls> {
  validateClientOptions(options);
  const range = versionRange(options);
  const ciphers = cipherList(options.ciphers ?? defaultCiphers, range, range.min === 'TLSv1.1');
  const { certVerifier } = options;
  const verifier = certVerifier === undefined ? undefined : await loadCertVerifier(certVerifier);
  const load = async (): Promise<Loaded> => {
    const { insecure = false, enableSystemCertStore = true } = options;
    const trust = await loadTrust({ ...options, systemStore: !insecure && enableSystemCertStore });
    const identity = await loadOwn(options);
    const context = secureContext(
      { minVersion: range.min, maxVersion: range.max, ciphers, ca: trust.ca },
      identity,
    );
    const peers = new PeerVerifier({
      ca: trust.ca,
      allowSelfSigned: options.allowSelfSignedCert === true,
      verifier,
      verifierTimeout: (options.certVerifierTimeout ?? 5) * 1000,
    });
    return { context, identity, trust, peers };
  };
  const context = new ClientContext(options, load);
  await context.start();
  return context;
}

async function loadOwn(options: ClientTlsOptions): Promise<Identity | undefined> {
  const { certPath, privateKeyPath, privateKeyPassphrase } = options;
  if (certPath === undefined || privateKeyPath === undefined) return undefined;
  return loadIdentity({
    certPath,
    privateKeyPath,
    ...(privateKeyPassphrase === undefined ? {} : { privateKeyPassphrase }),
  });
}

function secureContext(
  shared: tls.SecureContextOptions,
  identity: Identity | undefined,
): SecureContext {
  try {
    return tls.createSecureContext({
      ...shared,
      ...(identity === undefined ? {} : { cert: identity.chainPem, key: identity.key }),
    });
  } catch (cause) {
    const code = String((cause as NodeJS.ErrnoException).code);
    throw new CertificateError(
      `OpenSSL refuses the certificate ${String(identity?.file)}: ${code}`,
      {
        option: 'certPath',
        ...(identity?.file === undefined ? {} : { file: identity.file }),
        cause,
      },
    );
  }
}

class ClientContext implements ClientTls {
  readonly #options: ClientTlsOptions;
  readonly #load: () => Promise<Loaded>;
  readonly #reloader: Reloader;
  #loaded!: Loaded;

  constructor(options: ClientTlsOptions, load: () => Promise<Loaded>) {
    this.#options = options;
    this.#load = load;
    const { caPath, certPaths = [], certPath, privateKeyPath } = options;
    const files = [caPath, ...certPaths, certPath, privateKeyPath].filter((f) => f !== undefined);
    this.#reloader = new Reloader({
      files: options.watch === false ? [] : files,
      load: async () => {
        this.#loaded = await this.#load();
        this.#checkExpiry();
      },
      check: () => this.#checkExpiry(),
      log: options.log ?? silentLogger,
      fields: options.title === undefined ? {} : { title: options.title },
    });
  }

  async start(): Promise<void> {
    try {
      await this.#reloader.start();
      this.#loaded = await this.#load();
      this.#checkExpiry();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  connectOptions(host: string): ConnectionOptions {
    const name = this.#options.fqdn ?? host;
    const { alpnProtocols } = this.#options;
    return {
      secureContext: this.#loaded.context,
      ...(isIP(name) === 0 ? { servername: name } : {}),
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined, // verifyPeer does it, by verifyFqdn and fqdn
      ...(alpnProtocols === undefined ? {} : { ALPNProtocols: [...alpnProtocols] }),
    };
  }

  verifyPeer(socket: TLSSocket, host?: string): PeerVerdict | Promise<PeerVerdict> {
    if (this.#options.insecure === true) return accepted;
    const verdict = this.#loaded.peers.verify(socket);
    if (verdict instanceof Promise) {
      return verdict.then((result) => (result.ok ? this.#verifyName(socket, host) : result));
    }
    return verdict.ok ? this.#verifyName(socket, host) : verdict;
  }

  report(): CertificateReport[] {
    const { identity, trust } = this.#loaded;
    return reportAll(identity === undefined ? [] : [identity], trust.own);
  }

  reload(): Promise<boolean> {
    return this.#reloader.reload();
  }

  close(): void {
    this.#reloader.close();
  }

  #verifyName(socket: TLSSocket, host: string | undefined): PeerVerdict {
    if (this.#options.verifyFqdn === false) return accepted;
    const asked = (socket as { servername?: string | false | null }).servername;
    const name =
      this.#options.fqdn ?? host ?? (typeof asked === 'string' ? asked : socket.remoteAddress);
    const certificate = peerChain(socket, () => [])[0];
    if (name !== undefined && coversName(certificate, name)) return accepted;
    const names = subjectAltNames(certificate).join(', ') || 'no name at all';
    return refuse(
      'HOSTNAME_MISMATCH',
      { depth: 0, certificate, code: 'HOSTNAME_MISMATCH' },
      `the certificate covers ${names}, not ${String(name)}`,
    );
  }

  #checkExpiry(): void {
    const { expiryWarningDays = 30, log = silentLogger, title } = this.#options;
    warnExpiry(this.report(), expiryWarningDays, log, title === undefined ? {} : { title });
  }
}
