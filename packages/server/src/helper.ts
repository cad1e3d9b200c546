import { ServerArgumentError, HelperStoppedError, ListenError } from './errors.js';
import { formatPeer } from './address.js';
import type { Connection, ConnectionListener, DataCallback } from './connection.js';
import { consoleLogger, type Logger } from './logger.js';
import type { HelperOptions, ServerHandle, StreamOptions } from './options.js';
import { StreamServer } from './stream-server.js';

/** Makes a server helper: Fluentd's `helpers :server`, for a plugin or on its own. */
export function createServerHelper(options: HelperOptions = {}): ServerHelper {
  return new ServerHelper(options);
}

interface Entry {
  handle: ServerHandle;
  server: StreamServer;
}

/**
 * Creates servers and looks after them until the end. The phases `stop`, `shutdown`, `close` and
 * `terminate` mean what they mean in Fluentd, may be called more than once, and each does what the
 * earlier ones would have done.
 */
export class ServerHelper {
  readonly #log: Logger;
  readonly #options: HelperOptions;
  readonly #entries = new Map<string, Entry | undefined>();
  #stopped = false;

  /** @internal */
  constructor(options: HelperOptions) {
    this.#options = options;
    this.#log = options.log ?? consoleLogger;
  }

  /** Fluentd's `server_create`: `onData` gets each piece of data, and the connection. */
  create(
    title: string,
    port: number,
    options: StreamOptions,
    onData: DataCallback,
  ): Promise<ServerHandle> {
    if (typeof onData !== 'function') {
      throw new ServerArgumentError('a data callback is required', 'onData', onData);
    }
    return this.#listen(title, port, options, (connection) => connection.consume(onData));
  }

  /** Fluentd's `server_create_connection`: `onConnection` gets each new connection. */
  createConnection(
    title: string,
    port: number,
    options: StreamOptions,
    onConnection: ConnectionListener,
  ): Promise<ServerHandle> {
    if (typeof onConnection !== 'function') {
      throw new ServerArgumentError(
        'a connection callback is required',
        'onConnection',
        onConnection,
      );
    }
    return this.#listen(title, port, options, (connection) => connection.start(onConnection));
  }

  /** Refuses new connections, while the open ones live on. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(
      [...this.#entries.values()].map((entry) => entry?.handle.stop() ?? Promise.resolve()),
    );
  }

  /** Finishes what has been received, flushes what was written, and closes the connections. */
  async shutdown(): Promise<void> {
    await this.stop();
    await Promise.all(
      [...this.#entries.values()].map((entry) => entry?.handle.close() ?? Promise.resolve()),
    );
  }

  async close(): Promise<void> {
    await this.shutdown();
  }

  async terminate(): Promise<void> {
    await this.close();
    this.#entries.clear();
  }

  async #listen(
    title: string,
    port: number,
    options: StreamOptions,
    onConnection: (connection: Connection) => void,
  ): Promise<ServerHandle> {
    if (this.#stopped) throw new HelperStoppedError(title);
    const server = new StreamServer({
      title,
      protocol: 'tcp',
      log: this.#log,
      lingerTimeout: options.lingerTimeout ?? this.#options.transport?.lingerTimeout ?? 0,
      maxConnections: options.maxConnections ?? 65536,
      maxWriteBuffer: options.maxWriteBuffer ?? 16 * 1024 * 1024,
      names: undefined,
      onConnection,
    });
    const bind = options.bind ?? '0.0.0.0';
    await new Promise<void>((resolve, reject) => {
      server.server.once('error', (error) =>
        reject(new ListenError(title, formatPeer(bind, port), error)),
      );
      server.server.listen(
        {
          port,
          host: bind.replace(/^\[(.*)\]$/, '$1'),
          backlog: options.backlog,
          exclusive: options.shared === false,
        },
        resolve,
      );
    });
    const stop = once(
      () => new Promise<void>((resolve) => (server.server.close(), setImmediate(resolve))),
    );
    const handle: ServerHandle = {
      title,
      protocol: 'tcp',
      address: () => server.server.address(),
      stats: () => server.statistics(),
      stop,
      close: once(async () => {
        await stop();
        for (const connection of server.connections) connection.close();
        while (server.connections.size > 0) await new Promise((resolve) => setImmediate(resolve));
      }),
    };
    this.#entries.set(title, { handle, server });
    return handle;
  }
}

function once(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= action());
}
