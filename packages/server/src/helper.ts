import type { ConnectionListener, DataCallback } from './connection/connection.js';
import { HelperStoppedError, ServerArgumentError } from './errors.js';
import {
  checkHelperOptions,
  type CheckedHelperOptions,
  type HelperOptions,
} from './helper-options.js';
import { ServerFactory } from './make-server.js';
import { ManagedServer, type RunningServer, type ServerHandle } from './managed-server.js';
import { checkObject, refuse, show } from './options/check.js';
import type { Protocol, StreamOptions, UdpBatchOptions, UdpOptions } from './options/options.js';
import { checkCall, checkCallback, checkUdp, type CheckedCall } from './options/validate.js';
import { Starting } from './starting.js';
import type { BatchCallback, DatagramCallback } from './udp/datagram.js';

type AnyCallback = DataCallback | DatagramCallback | BatchCallback;

/** Makes a server helper: Fluentd's `helpers :server`, for a plugin or on its own. */
export function createServerHelper(options: HelperOptions = {}): ServerHelper {
  return new ServerHelper(options);
}

/**
 * Creates servers and looks after them until the end. What is wrong with a call is thrown by the
 * call; what the system refuses (`EADDRINUSE`) or a certificate's file makes impossible rejects
 * the promise; what comes later reaches the log.
 *
 * The phases `stop`, `shutdown`, `close` and `terminate` mean what they mean in Fluentd. Each may
 * be called more than once and does first what the earlier ones would have done.
 */
export class ServerHelper {
  readonly #options: CheckedHelperOptions;
  readonly #servers = new Map<string, ManagedServer>();
  readonly #starting: Starting;
  readonly #make: ServerFactory;
  #stopping: Promise<void> | undefined;
  #shutting: Promise<void> | undefined;
  readonly #stopped: Promise<void>;
  #allStopped!: () => void;

  /** @internal */
  constructor(options: HelperOptions) {
    this.#options = checkHelperOptions(options);
    const { log } = this.#options;
    this.#make = new ServerFactory(log);
    this.#starting = new Starting(({ title, error }) => {
      log.error({ title, err: error }, `server ${title} did not start: ${error.message}`);
    });
    this.#stopped = new Promise((resolve) => (this.#allStopped = resolve));
  }

  /** The servers that listen or have connections. */
  get servers(): ServerHandle[] {
    return [...this.#servers.values()];
  }

  /**
   * Fluentd's `server_create`: `onData` gets each piece of data and the connection (for UDP: each
   * datagram and its sender). A promise that it returns pauses the socket until it settles; if it
   * throws or rejects, that connection is closed and logged.
   *
   * @param title names the server in logs and statistics; unique in this helper
   * @param port 0 to 65535; 0 takes any that is free. For Unix the path may stand here.
   * @throws ServerArgumentError, SocketOptionError: at the call, naming the option
   * @returns rejects with ListenError (`code` is the system's) or an error of TLS
   */
  create(
    title: string,
    port: number,
    options: UdpBatchOptions & { proto: 'udp' },
    onData: BatchCallback,
  ): Promise<ServerHandle>;
  create(
    title: string,
    port: number,
    options: UdpOptions & { proto: 'udp' },
    onData: DatagramCallback,
  ): Promise<ServerHandle>;
  create(
    title: string,
    port: number | string,
    options: StreamOptions,
    onData: DataCallback,
  ): Promise<ServerHandle>;
  create(title: string, port: number, onData: DataCallback): Promise<ServerHandle>;
  create(
    title: string,
    port: number | string,
    options: object,
    onData?: AnyCallback,
  ): Promise<ServerHandle> {
    const [given, callback] = split(options, onData);
    return this.#create(title, port, given, callback);
  }

  /**
   * Fluentd's `server_create_connection`: `onConnection` gets each new connection, and registers
   * `data` on it or iterates it. Not for UDP.
   *
   * @throws as {@link create}
   */
  createConnection(
    title: string,
    port: number | string,
    options: StreamOptions,
    onConnection: ConnectionListener,
  ): Promise<ServerHandle>;
  createConnection(
    title: string,
    port: number,
    onConnection: ConnectionListener,
  ): Promise<ServerHandle>;
  createConnection(
    title: string,
    port: number | string,
    options: object,
    onConnection?: ConnectionListener,
  ): Promise<ServerHandle> {
    const [given, callback] = split(options, onConnection);
    const call = checkCall(title, port, given, this.#options.transport);
    if (call.protocol === 'udp') {
      throw new ServerArgumentError('udp has no connections: use create', 'proto', 'udp', [
        'tcp',
        'tls',
        'unix',
      ]);
    }
    checkCallback('onConnection', callback, 1);
    return this.#start(call, this.#make.stream(call, { onConnection: callback! }));
  }

  /** `create` with `proto: 'tcp'`. */
  createTcp(
    title: string,
    port: number,
    options: StreamOptions,
    onData: DataCallback,
  ): Promise<ServerHandle>;
  createTcp(title: string, port: number, onData: DataCallback): Promise<ServerHandle>;
  createTcp(
    title: string,
    port: number,
    options: object,
    onData?: DataCallback,
  ): Promise<ServerHandle> {
    const [given, callback] = split(options, onData);
    return this.#create(title, port, withProto(given, 'tcp'), callback);
  }

  /** `create` with `proto: 'tls'`. */
  createTls(
    title: string,
    port: number,
    options: StreamOptions,
    onData: DataCallback,
  ): Promise<ServerHandle>;
  createTls(title: string, port: number, onData: DataCallback): Promise<ServerHandle>;
  createTls(
    title: string,
    port: number,
    options: object,
    onData?: DataCallback,
  ): Promise<ServerHandle> {
    const [given, callback] = split(options, onData);
    return this.#create(title, port, withProto(given, 'tls'), callback);
  }

  /** `create` with `proto: 'unix'`: `path` stands where the others have the port. */
  createUnix(
    title: string,
    path: string,
    options: StreamOptions,
    onData: DataCallback,
  ): Promise<ServerHandle>;
  createUnix(title: string, path: string, onData: DataCallback): Promise<ServerHandle>;
  createUnix(
    title: string,
    path: string,
    options: object,
    onData?: DataCallback,
  ): Promise<ServerHandle> {
    const [given, callback] = split(options, onData);
    return this.#create(title, path, withProto(given, 'unix'), callback);
  }

  /** `create` with `proto: 'udp'`; with `batch`, many datagrams per callback. */
  createUdp(
    title: string,
    port: number,
    options: UdpBatchOptions,
    onData: BatchCallback,
  ): Promise<ServerHandle>;
  createUdp(
    title: string,
    port: number,
    options: UdpOptions,
    onData: DatagramCallback,
  ): Promise<ServerHandle>;
  createUdp(
    title: string,
    port: number,
    options: UdpOptions,
    onData: AnyCallback,
  ): Promise<ServerHandle> {
    return this.#create(title, port, withProto(options, 'udp'), onData);
  }

  /**
   * Resolves when every server asked for so far listens. Rejects with the reason of one that does
   * not, unless its `create` was awaited: the reason is then in the caller's hands. A failure that
   * nobody waits for is logged as an error.
   */
  waitUntilStart(): Promise<void> {
    return this.#starting.outcome();
  }

  /** Resolves when `stop` has been called and no server accepts any more. */
  waitUntilStop(): Promise<void> {
    return this.#stopped;
  }

  /** Refuses new connections, while the open ones live on. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#each((server) => server.stop()).then(this.#allStopped));
  }

  /**
   * Finishes what has been received, flushes what was written, and closes the connections; who is
   * not done within `shutdownTimeout` is reset.
   */
  shutdown(): Promise<void> {
    return (this.#shutting ??= this.stop().then(() => this.#each((server) => server.close())));
  }

  /** Everything is closed afterwards. */
  close(): Promise<void> {
    return this.shutdown();
  }

  /** The end: after it the helper holds nothing any more. */
  async terminate(): Promise<void> {
    await this.close();
    this.#servers.clear();
  }

  /** The end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.terminate();
  }

  #create(title: string, port: unknown, options: object, onData: unknown): Promise<ServerHandle> {
    const call = checkCall(title, port, options, this.#options.transport);
    checkCallback('onData', onData, call.own.batch === undefined ? 2 : 1);
    if (call.protocol === 'udp') {
      checkUdp(call);
      return this.#start(call, () =>
        Promise.resolve(this.#make.udp(call, onData as DatagramCallback)),
      );
    }
    return this.#start(call, this.#make.stream(call, { onData: onData as DataCallback }));
  }

  #start(call: CheckedCall, make: () => Promise<RunningServer>): Promise<ServerHandle> {
    const { title } = call;
    if (this.#stopping !== undefined) throw new HelperStoppedError(title);
    if (this.#servers.has(title) || this.#starting.has(title)) {
      throw new ServerArgumentError(`title ${title} is taken: titles are unique`, 'title', title);
    }
    return this.#starting.watch(title, this.#listen(call, make));
  }

  async #listen(call: CheckedCall, make: () => Promise<RunningServer>): Promise<ServerHandle> {
    const { title, protocol } = call;
    const server = await make();
    await server.listen();
    const managed = new ManagedServer(
      title,
      protocol,
      server,
      this.#options.shutdownTimeout,
      () => {
        this.#servers.delete(title);
      },
    );
    this.#servers.set(title, managed);
    return managed;
  }

  async #each(action: (server: ManagedServer) => Promise<void>): Promise<void> {
    await this.#starting.settled();
    await Promise.all([...this.#servers.values()].map(action));
  }
}

function split<T>(options: object, callback: T | undefined): [object, T | undefined] {
  return callback === undefined && typeof options === 'function'
    ? [{}, options as T]
    : [options, callback];
}

function withProto(options: object, proto: Protocol): object {
  const given = checkObject('options', options);
  const other = given.proto ?? proto;
  refuse(other !== proto, `proto is ${proto} here, not ${show(other)}`, 'proto', other);
  return { ...given, proto };
}
