import type { AddressInfo } from 'node:net';
import {
  Budget,
  Input,
  transportOptions,
  type InputContext,
  type PluginStatistics,
} from '@sluice/plugin';
import type { ServerHandle, StreamOptions } from '@sluice/server';
import { ForwardConnection, type ForwardContext } from './forward-connection.js';
import { SharedInFlight } from './in-flight.js';
import { LargeMessages } from './large-messages.js';
import { roomsOf } from './room.js';
import type { ForwardConfig } from './section.js';
import { forwardSecurity } from './security.js';
import { pluginStatistics, Statistics, type ForwardStatistics } from './statistics.js';
import { UnfinishedMessages } from './unfinished.js';
import { Warnings } from './warnings.js';

// What Fluentd answers to any datagram.
const HEARTBEAT = Buffer.of(0);

/** The forward input. Fluentd: `in_forward`. */
export class ForwardInput extends Input {
  readonly #config: ForwardConfig;
  readonly #title: string;
  readonly #statistics: Statistics;
  /** What is in flight. */
  readonly #memory: SharedInFlight;
  /** What is made of small messages. */
  readonly #making: Budget;
  readonly #unfinished: UnfinishedMessages;
  readonly #warnings: Warnings;

  /** @param title names its servers in log lines */
  constructor(context: InputContext, config: ForwardConfig, title = 'in_forward') {
    super(context);
    this.#config = config;
    this.#title = title;
    this.#statistics = new Statistics(tagChange(config));
    const rooms = roomsOf(config.totalInFlightLimit);
    this.#memory = new SharedInFlight(rooms.inFlight);
    // Apart from what is in flight: a payload that waits for much room must not hold up all others.
    this.#making = new Budget({ limit: rooms.making });
    this.#unfinished = new UnfinishedMessages({
      limit: rooms.large,
      smallLimit: rooms.unfinished,
      timeout: config.messageTimeout * 1000,
    });
    this.#warnings = new Warnings(this.log, title);
  }

  override async start(): Promise<void> {
    const config = this.#config;
    const context: ForwardContext = {
      config,
      log: this.log,
      router: this.router,
      warnings: this.#warnings,
      title: this.#title,
      memory: this.#memory,
      making: this.#making,
      unfinished: this.#unfinished,
      large: new LargeMessages(),
      statistics: this.#statistics,
      security: config.security && (await forwardSecurity(config.security)),
    };
    if (config.unixPath !== undefined) {
      await this.#listenUnix(config.unixPath, context);
      return;
    }
    const server = await this.#listen(context);
    const { address, port } = server.address() as AddressInfo;
    await this.#answerHeartbeats(port);
    this.log.info(
      { address, port },
      `listening on ${config.transport.protocol} ${address}:${port}`,
    );
  }

  override statistics(): PluginStatistics {
    return pluginStatistics(this.received());
  }

  /** What came in since the start, in detail. */
  received(): ForwardStatistics {
    const making = this.#making.statistics();
    const unfinished = this.#unfinished;
    return this.#statistics.snapshot({
      inFlightBytes: this.#memory.bytes + unfinished.inFlight,
      unfinishedBytes: unfinished.bytes,
      inflatingBytes: making.bytes + unfinished.madeBytes,
      suppressedWarnings: this.#warnings.suppressed,
      waits: { unfinished: unfinished.waits, inflating: making.waits + unfinished.makeWaits },
    });
  }

  override async terminate(): Promise<void> {
    this.#unfinished.close();
    this.#warnings.close();
    await super.terminate();
  }

  #listen(context: ForwardContext): Promise<ServerHandle> {
    const config = this.#config;
    const transport = transportOptions(config.transport);
    return this.servers.createConnection(
      this.#title,
      config.port,
      {
        ...transport,
        bind: config.bind,
        backlog: config.backlog,
        sendKeepalivePacket: config.sendKeepalivePacket,
        lingerTimeout: config.lingerTimeout ?? transport.lingerTimeout,
        ...this.#connections(),
        maxConnectionsPerAddress: config.maxConnectionsPerAddress,
        resolveName: config.resolveHostname ?? config.sourceHostnameKey !== undefined,
        handshakeTimeout: config.handshakeTimeout,
        // An ack is small: without this it may wait 40 ms for the peer's delayed TCP ACK.
        noDelay: true,
      },
      (connection) => {
        new ForwardConnection(connection, context);
      },
    );
  }

  #connections(): Pick<
    StreamOptions,
    'maxConnections' | 'firstByteTimeout' | 'idleTimeout' | 'sendTimeout' | 'reuseReadBuffers'
  > {
    const { maxConnections, firstByteTimeout, idleTimeout, sendTimeout } = this.#config;
    return { maxConnections, firstByteTimeout, idleTimeout, sendTimeout, reuseReadBuffers: true };
  }

  async #listenUnix(path: string, context: ForwardContext): Promise<void> {
    const config = this.#config;
    await this.servers.createConnection(
      this.#title,
      path,
      {
        proto: 'unix',
        backlog: config.backlog,
        ...this.#connections(),
        ...(config.unixPerm !== undefined && { permissions: config.unixPerm }),
      },
      (connection) => {
        new ForwardConnection(connection, context);
      },
    );
    this.log.info({ path }, `listening on unix ${path}`);
  }

  /** Clients that check whether the server lives send a datagram to the same port. */
  async #answerHeartbeats(port: number): Promise<void> {
    await this.servers.create(
      `${this.#title}_heartbeat`,
      port,
      { proto: 'udp', bind: this.#config.bind, maxBytes: 128 },
      (_data, peer) => {
        this.#statistics.heartbeats++;
        peer.write(HEARTBEAT);
      },
    );
  }
}

/** `tag` replaces the tag that came, `add_tag_prefix` stands before it. */
function tagChange({ tag, addTagPrefix }: ForwardConfig): (tag: string) => string {
  const fixed = tag === undefined || addTagPrefix === undefined ? tag : `${addTagPrefix}.${tag}`;
  if (fixed !== undefined) return () => fixed;
  if (addTagPrefix !== undefined) return (came) => `${addTagPrefix}.${came}`;
  return (came) => came;
}
