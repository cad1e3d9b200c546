import type { AddressInfo } from 'node:net';
import { Input, transportOptions, type InputContext, type PluginStatistics } from '@sluice/plugin';
import type { ServerHandle } from '@sluice/server';
import { ForwardConnection, type ForwardContext } from './forward-connection.js';
import { InFlight } from './in-flight.js';
import type { ForwardConfig } from './section.js';
import { forwardSecurity } from './security.js';
import { pluginStatistics, Statistics, type ForwardStatistics } from './statistics.js';

const TITLE = 'in_forward';
// What Fluentd answers to any datagram.
const HEARTBEAT = Buffer.of(0);

/** The forward input. Fluentd: `in_forward`. */
export class ForwardInput extends Input {
  readonly #config: ForwardConfig;
  readonly #statistics: Statistics;
  readonly #inFlight: InFlight;

  constructor(context: InputContext, config: ForwardConfig) {
    super(context);
    this.#config = config;
    this.#statistics = new Statistics(tagChange(config));
    this.#inFlight = new InFlight(config.totalInFlightLimit);
  }

  override async start(): Promise<void> {
    const config = this.#config;
    const context: ForwardContext = {
      config,
      log: this.log,
      router: this.router,
      title: TITLE,
      inFlight: this.#inFlight,
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
    return this.#statistics.snapshot(this.#inFlight.bytes);
  }

  #listen(context: ForwardContext): Promise<ServerHandle> {
    const config = this.#config;
    const transport = transportOptions(config.transport);
    return this.servers.createConnection(
      TITLE,
      config.port,
      {
        ...transport,
        bind: config.bind,
        backlog: config.backlog,
        sendKeepalivePacket: config.sendKeepalivePacket,
        lingerTimeout: config.lingerTimeout ?? transport.lingerTimeout,
        resolveName: config.resolveHostname ?? config.sourceHostnameKey !== undefined,
        handshakeTimeout: config.handshakeTimeout,
      },
      (connection) => {
        new ForwardConnection(connection, context);
      },
    );
  }

  async #listenUnix(path: string, context: ForwardContext): Promise<void> {
    const config = this.#config;
    await this.servers.createConnection(
      TITLE,
      path,
      {
        proto: 'unix',
        backlog: config.backlog,
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
      `${TITLE}_heartbeat`,
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
