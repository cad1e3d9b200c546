import { constants, createHash } from 'node:crypto';
import { hostname } from 'node:os';
import tls, { type SecureContext, type TLSSocket, type TlsOptions } from 'node:tls';
import { loadCertVerifier } from './cert-verifier.js';
import { cipherList, defaultCiphers } from './ciphers.js';
import { FqdnError, CertificateError } from './errors.js';
import { generateIdentity, identityWay, loadIdentity, type Identity } from './identity.js';
import { silentLogger, type Logger } from './logger.js';
import { coversName, subjectAltNames } from './names.js';
import type { ServerTlsOptions, VerifyCallback } from './options.js';
import { Reloader } from './reloader.js';
import { reportAll, warnExpiry, type CertificateReport } from './report.js';
import { SniTable } from './sni.js';
import { defaultTicketRotation, startTicketKeys, type TicketKeys } from './ticket-keys.js';
import { loadTrust, type Trust } from './trust.js';
import { validateServerOptions } from './validate-options.js';
import { accepted, PeerVerifier, type PeerVerdict } from './verify-peer.js';
import { warnWay } from './warn-options.js';
import { watchedFiles } from './watched-files.js';
import { versionRange, type VersionRange } from './versions.js';

/** Reloads since the context was made. */
export interface ReloadCounts {
  /** Times that new files were taken. */
  succeeded: number;
  /** Times that new files were broken, and the old ones stayed. */
  failed: number;
}

/** The TLS half of a server; see {@link createServerContext}. */
export interface ServerTls {
  /**
   * For `tls.createServer`. Peers are never rejected by Node itself: call `verifyPeer` for each
   * `secureConnection` before any data is taken from it.
   *
   * With `rejectUnauthorized: true` in their place OpenSSL refuses a client without a certificate
   * itself, by an alert (116, or 40 in TLS 1.2). For any other fault of a certificate neither
   * OpenSSL in Node nor Node sends one, and Node closes before `verifyPeer` could be asked.
   */
  readonly options: TlsOptions;
  /** Lets reloads and ticket keys reach a server made with `options`; returns the way to undo it. */
  attach(server: tls.Server): () => void;
  /**
   * Says whether the client may stay. A promise only where `certVerifier` is asynchronous; without
   * `clientCertAuth` every client may.
   */
  verifyPeer(socket: TLSSocket): PeerVerdict | Promise<PeerVerdict>;
  /** What is served and trusted, with expiry and fingerprints. */
  report(): CertificateReport[];
  /**
   * Reads all files again. New handshakes use what was read; open connections live on. Never
   * rejects: broken files leave everything as it was, with a warning and `false`.
   */
  reload(): Promise<boolean>;
  /** How often the files were read again, well and badly, since the start. */
  readonly reloads: ReloadCounts;
  /** Stops watching files and timers. Servers go on with what they have. */
  close(): void;
}

interface Settings {
  options: ServerTlsOptions;
  range: VersionRange;
  ciphers: string;
  clientCertAuth: boolean;
  verifier: VerifyCallback | undefined;
  log: Logger;
  fields: Record<string, unknown>;
}

interface Loaded {
  main: Identity;
  others: Identity[];
  trust: Trust;
  peers: PeerVerifier;
  shared: TlsOptions;
  sni: SniTable | undefined;
}

/**
 * Makes the TLS half of a server from Fluentd's options: reads or generates the certificate, checks
 * everything that can be checked before the first client comes, and watches the files.
 *
 * @throws a {@link TlsError} that names the option or file at fault.
 */
export async function createServerContext(options: ServerTlsOptions): Promise<ServerTls> {
  validateServerOptions(options);
  const log = options.log ?? silentLogger;
  const fields = options.title === undefined ? {} : { title: options.title };
  const way = identityWay(options);
  warnWay(options, way, log, fields);
  const range = versionRange(options);
  const lowered = range.min === 'TLSv1.1' || options.generateCertDigest === 'sha1';
  const { certVerifier, clientCertAuth = certVerifier !== undefined } = options;
  const settings: Settings = {
    options,
    range,
    ciphers: cipherList(options.ciphers ?? defaultCiphers, range, lowered),
    clientCertAuth,
    verifier: certVerifier === undefined ? undefined : await loadCertVerifier(certVerifier),
    log,
    fields,
  };
  const context = new ServerContext(settings);
  await context.start();
  return context;
}

class ServerContext implements ServerTls {
  readonly #settings: Settings;
  readonly #servers = new Set<tls.Server>();
  readonly #reloader: Reloader;
  #loaded!: Loaded;
  #tickets!: TicketKeys;

  constructor(settings: Settings) {
    this.#settings = settings;
    const { options, log, fields } = settings;
    this.#reloader = new Reloader({
      files: options.watch === false ? [] : watchedFiles(options),
      load: async () => this.#use(await this.#load()),
      check: () => this.#check(),
      checkInterval: checkInterval(options),
      log,
      fields,
    });
  }

  async start(): Promise<void> {
    const { ticketSecretPath, ticketRotation = defaultTicketRotation } = this.#settings.options;
    try {
      this.#tickets = await startTicketKeys(
        { secretPath: ticketSecretPath, rotation: ticketRotation, log: this.#settings.log },
        (keys) => {
          for (const server of this.#servers) server.setTicketKeys(keys);
        },
      );
      await this.#reloader.start();
      this.#loaded = await this.#load();
      this.#checkExpiry();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get options(): TlsOptions {
    const { shared, main, sni } = this.#loaded;
    return {
      ...shared,
      cert: main.chainPem,
      key: main.key,
      ticketKeys: this.#tickets.current,
      requestCert: this.#settings.clientCertAuth,
      rejectUnauthorized: false,
      ...(sni === undefined
        ? {}
        : {
            SNICallback: (name, done) => done(null, this.#loaded.sni?.find(name)),
          }),
    };
  }

  attach(server: tls.Server): () => void {
    server.setSecureContext(this.options);
    this.#servers.add(server);
    return () => void this.#servers.delete(server);
  }

  verifyPeer(socket: TLSSocket): PeerVerdict | Promise<PeerVerdict> {
    return this.#settings.clientCertAuth ? this.#loaded.peers.verify(socket) : accepted;
  }

  report(): CertificateReport[] {
    const { main, others, trust } = this.#loaded;
    return reportAll([main, ...others], trust.own);
  }

  reload(): Promise<boolean> {
    return this.#reloader.reload();
  }

  get reloads(): ReloadCounts {
    return { ...this.#reloader.counts };
  }

  close(): void {
    this.#reloader.close();
    (this.#tickets as TicketKeys | undefined)?.close();
    this.#servers.clear();
  }

  #check(): void {
    if (isAging(this.#loaded.main)) void this.reload();
    else this.#checkExpiry();
  }

  #checkExpiry(): void {
    const { options, log, fields } = this.#settings;
    warnExpiry(this.report(), options.expiryWarningDays ?? 30, log, fields);
  }

  async #load(): Promise<Loaded> {
    const { options, clientCertAuth, verifier } = this.#settings;
    const main = await this.#mainIdentity();
    const others = await Promise.all(
      (options.certificates ?? []).map((files, index) =>
        loadIdentity(files, `certificates[${index}].`),
      ),
    );
    checkFqdn(options, [main, ...others]);
    const trust = await loadTrust({
      ...options,
      systemStore: clientCertAuth && options.enableSystemCertStore === true,
    });
    this.#warnTrust(trust);
    const shared = this.#sharedOptions(trust);
    // A trial of certificate and key; parsing the system's CAs for it would cost 10 ms and more.
    secureContext({ ...shared, ca: [] }, main, 'certPath');
    const policy = {
      ca: trust.ca,
      allowSelfSigned: options.allowSelfSignedCert === true,
      verifier,
      verifierTimeout: (options.certVerifierTimeout ?? 5) * 1000,
    };
    const sni = sniTable(options, shared, others);
    return { main, others, trust, shared, sni, peers: new PeerVerifier(policy) };
  }

  // A self-signed certificate may be pinned by clients, so it changes only when it grows old.
  async #mainIdentity(): Promise<Identity> {
    const { options } = this.#settings;
    const way = identityWay(options);
    if (way === 'files') {
      const { certPath, privateKeyPath, privateKeyPassphrase } = options;
      return loadIdentity({
        certPath: certPath!,
        privateKeyPath: privateKeyPath!,
        ...(privateKeyPassphrase === undefined ? {} : { privateKeyPassphrase }),
      });
    }
    const present = (this.#loaded as Loaded | undefined)?.main;
    if (way === 'self-signed' && present !== undefined && !isAging(present)) return present;
    return generateIdentity(options);
  }

  #sharedOptions(trust: Trust): TlsOptions {
    const { options, range, ciphers, clientCertAuth, verifier } = this.#settings;
    return {
      minVersion: range.min,
      maxVersion: range.max,
      ciphers,
      honorCipherOrder: true,
      ca: trust.ca,
      sessionIdContext: this.#sessionIdContext(trust),
      // With a verifier no session is resumed, since a ticket does not carry the client's chain:
      // each client is shown to the verifier whole.
      secureOptions: noRenegotiation | (clientCertAuth && verifier !== undefined ? noTickets : 0),
      ...(options.alpnProtocols === undefined ? {} : { ALPNProtocols: [...options.alpnProtocols] }),
    };
  }

  // A ticket carries the verdict about its client, so it must not outlive what that was based on:
  // other trusted CAs, other sessions. The same in all workers, and whatever the certificate.
  #sessionIdContext(trust: Trust): string {
    const { options, clientCertAuth } = this.#settings;
    const hash = createHash('sha256').update('sluice');
    if (clientCertAuth) {
      hash.update(JSON.stringify([trust.ca, options.allowSelfSignedCert === true]));
    }
    return hash.digest('base64').slice(0, 32);
  }

  #warnTrust(trust: Trust): void {
    const { options, clientCertAuth, verifier, log, fields } = this.#settings;
    if (!clientCertAuth || trust.ca.length > 0) return;
    if (verifier !== undefined || options.allowSelfSignedCert === true) return;
    log.warn(
      { ...fields, option: 'caPath' },
      'clientCertAuth is on, but no CA is trusted, so every client will be refused: set caPath, ' +
        'certPaths or enableSystemCertStore',
    );
  }

  #use(loaded: Loaded): void {
    this.#loaded = loaded;
    const options = this.options;
    for (const server of this.#servers) server.setSecureContext(options);
    this.#checkExpiry();
  }
}

const noTickets = constants.SSL_OP_NO_TICKET;
// OpenSSL's SSL_OP_NO_RENEGOTIATION, for which older Nodes have no name. Renegotiation by the client
// costs the server more than the client, and no forward client asks for it.
const noRenegotiation = 0x4000_0000;

/** Whether a generated certificate has used up two thirds of its life. */
function isAging({ source, chain, since }: Identity): boolean {
  if (source !== 'generated') return false;
  const end = Date.parse(chain[0].validTo);
  return Date.now() > since + ((end - since) * 2) / 3;
}

/** Seconds between two looks at the certificates' ages: often enough to renew a short-lived one. */
function checkInterval(options: ServerTlsOptions): number {
  const twiceADay = 12 * 60 * 60;
  const generated = options.certPath === undefined ? options.generateCertExpiration : undefined;
  return Math.min(twiceADay, Math.max((generated ?? Infinity) / 12, 1));
}

function checkFqdn(options: ServerTlsOptions, identities: readonly Identity[]): void {
  if (options.verifyFqdn !== true) return;
  const fqdn = options.fqdn ?? hostname();
  if (identities.some(({ chain }) => coversName(chain[0], fqdn))) return;
  const names = identities.flatMap(({ chain }) => subjectAltNames(chain[0]));
  throw new FqdnError(
    `verifyFqdn: no certificate covers ${fqdn}, only ${names.join(', ') || 'no name at all'}`,
    { option: 'fqdn', ...(options.certPath === undefined ? {} : { file: options.certPath }) },
  );
}

function secureContext(shared: TlsOptions, identity: Identity, option: string): SecureContext {
  try {
    return tls.createSecureContext({ ...shared, cert: identity.chainPem, key: identity.key });
  } catch (cause) {
    const code = String((cause as NodeJS.ErrnoException).code);
    const level = /TOO_(SMALL|WEAK)/.test(code)
      ? ' (OpenSSL finds it too weak; @SECLEVEL=0 in ciphers would allow it)'
      : '';
    const what = identity.file ?? 'generated';
    throw new CertificateError(`OpenSSL refuses the certificate ${what}: ${code}${level}`, {
      option,
      ...(identity.file === undefined ? {} : { file: identity.file }),
      cause,
    });
  }
}

function sniTable(
  options: ServerTlsOptions,
  shared: TlsOptions,
  others: readonly Identity[],
): SniTable | undefined {
  if (others.length === 0) return undefined;
  const table = new SniTable();
  for (const [index, identity] of others.entries()) {
    const names = options.certificates![index].serverNames ?? subjectAltNames(identity.chain[0]);
    table.add(names, secureContext(shared, identity, `certificates[${index}].certPath`));
  }
  return table;
}
