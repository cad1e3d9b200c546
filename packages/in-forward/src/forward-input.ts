import type { AddressInfo } from 'node:net';
import { Input, transportOptions, type InputContext } from '@sluice/plugin';
import { ForwardConnection, type ForwardContext } from './forward-connection.js';
import { InFlight } from './in-flight.js';
import type { ForwardConfig } from './section.js';

/** Bytes that all connections together may have in flight. */
const totalLimit = 256 * 1024 * 1024;

/** The forward input. Fluentd: `in_forward`. */
export class ForwardInput extends Input {
  readonly #config: ForwardConfig;

  constructor(context: InputContext, config: ForwardConfig) {
    super(context);
    this.#config = config;
  }

  override async start(): Promise<void> {
    const config = this.#config;
    const context: ForwardContext = {
      config,
      log: this.log,
      router: this.router,
      inFlight: new InFlight(totalLimit),
      tagOf: tagChange(config),
    };
    const transport = transportOptions(config.transport);
    const server = await this.servers.createConnection(
      'in_forward',
      config.port,
      {
        ...transport,
        bind: config.bind,
        backlog: config.backlog,
        sendKeepalivePacket: config.sendKeepalivePacket,
        lingerTimeout: config.lingerTimeout ?? transport.lingerTimeout,
      },
      (connection) => {
        new ForwardConnection(connection, context);
      },
    );
    const { address, port } = server.address() as AddressInfo;
    this.log.info(
      { address, port },
      `listening on ${config.transport.protocol} ${address}:${port}`,
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
