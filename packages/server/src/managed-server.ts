import type { CertificateReport, ServerTls } from '@sluice/tls';
import type { AddressInfo } from 'node:net';
import type { Protocol } from './options/options.js';
import type { ServerStatistics } from './statistics.js';

/** A server that is listening. */
export interface ServerHandle {
  /** Its name in logs and statistics. */
  readonly title: string;
  /** What it listens for. */
  readonly protocol: Protocol;
  /** Where it listens; the path for Unix, null once it does not. */
  address(): AddressInfo | string | null;
  /** A copy of this server's statistics. */
  stats(): ServerStatistics;
  /** What the TLS context serves, for logs and metrics; empty without TLS. */
  certificates(): CertificateReport[];
  /** Reads the certificates' files again; false where they are broken, and the old ones stay. */
  reloadCertificates(): Promise<boolean>;
  /** Refuses new connections; those that are open live on. */
  stop(): Promise<void>;
  /**
   * Stops, finishes what has been received, flushes what was written, and closes: within
   * `shutdownTimeout`. The title may then be used again.
   */
  close(): Promise<void>;
  /** The end of an `await using` block: `close`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What the helper needs of its servers. @internal */
export interface RunningServer {
  listen(): Promise<void>;
  address(): AddressInfo | string | null;
  statistics(): ServerStatistics;
  readonly tls?: ServerTls | undefined;
  stop(): Promise<void>;
  close(seconds: number): Promise<void>;
}

/** One server of a helper, from the call to the end. @internal */
export class ManagedServer implements ServerHandle {
  readonly title: string;
  readonly protocol: Protocol;
  readonly #server: RunningServer;
  readonly #shutdownTimeout: number;
  readonly #closed: () => void;
  #closing: Promise<void> | undefined;

  constructor(
    title: string,
    protocol: Protocol,
    server: RunningServer,
    shutdownTimeout: number,
    closed: () => void,
  ) {
    this.title = title;
    this.protocol = protocol;
    this.#server = server;
    this.#shutdownTimeout = shutdownTimeout;
    this.#closed = closed;
  }

  address(): AddressInfo | string | null {
    return this.#server.address();
  }

  stats(): ServerStatistics {
    return this.#server.statistics();
  }

  certificates(): CertificateReport[] {
    return this.#server.tls?.report() ?? [];
  }

  reloadCertificates(): Promise<boolean> {
    return this.#server.tls?.reload() ?? Promise.resolve(true);
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#server.close(this.#shutdownTimeout).then(this.#closed));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
