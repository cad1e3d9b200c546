import type { AddressInfo } from 'node:net';
import type { ConfigElement, SectionOf } from '@sluice/config';
import { DelimitedReader } from '@sluice/formats';
import {
  checkKeeping,
  clientNetworks,
  defineInput,
  Input,
  listenProblems,
  parserOf,
  sourceFields,
  transportOptions,
  type InputContext,
  type PluginStatistics,
} from '@sluice/plugin';
import type { Connection } from '@sluice/server';
import { emitAll, receivedTexts, type ReceivedTexts } from './received-texts.js';
import { tcpSection } from './section.js';

const TITLE = 'in_tcp';

/** The TCP input. Fluentd: `in_tcp`. */
class TcpInput extends Input {
  readonly #config: SectionOf<typeof tcpSection>;
  readonly #texts: ReceivedTexts;

  constructor(context: InputContext, config: SectionOf<typeof tcpSection>, element: ConfigElement) {
    super(context);
    this.#config = config;
    this.#texts = receivedTexts(config, parserOf(context, element), this.log);
  }

  override async start(): Promise<void> {
    const { port, bind, transport, sendKeepalivePacket, security } = this.#config;
    const networks = await Promise.all((security?.clients ?? []).map(clientNetworks));
    const server = await this.servers.createConnection(
      TITLE,
      port,
      {
        ...transportOptions(transport),
        bind,
        sendKeepalivePacket,
        resolveName: hostnameKey(this.#config) !== undefined,
        ...(security && { allowedNetworks: networks.flat() }),
      },
      (connection) => this.#accept(connection),
    );
    const { address, port: listening } = server.address() as AddressInfo;
    this.log.info(
      { address, port: listening },
      `listening on ${transport.protocol} ${address}:${listening}`,
    );
  }

  override statistics(): PluginStatistics {
    return this.#texts.statistics();
  }

  #accept(connection: Connection): void {
    const { delimiter, messageLengthLimit, sourceAddressKey } = this.#config;
    const { peer } = connection;
    const sourceHostnameKey = hostnameKey(this.#config);
    let fields: Record<string, string> | undefined;
    let naming: Promise<void> | undefined;
    const source = sourceFields(connection, { sourceAddressKey, sourceHostnameKey });
    if (source instanceof Promise) {
      naming = source.then((found) => {
        fields = found;
        naming = undefined;
      });
    } else {
      fields = source;
    }
    const reader = new DelimitedReader(delimiter, messageLengthLimit, (bytes) =>
      this.#texts.addTooLong(bytes, peer, messageLengthLimit),
    );
    const read = (data: Buffer): void | Promise<void> => {
      // The socket waits for the peer's name, and for outputs that are busy.
      if (naming !== undefined) return naming.then(() => read(data));
      reader.push(data, (text) => this.#texts.add(text, peer, fields));
      return emitAll(this.#texts.take(), (tag, stream) =>
        checkKeeping(this.router.emit(tag, stream), this.id, 'emit'),
      );
    };
    connection.on('data', read);
  }
}

function hostnameKey(config: SectionOf<typeof tcpSection>): string | undefined {
  return config.sourceHostnameKey ?? config.sourceHostKey;
}

/** `@type tcp`. Fluentd: `in_tcp`. */
export const tcpInput = defineInput({
  type: 'tcp',
  description: 'Receives texts over TCP or TLS, a delimiter behind each.',
  section: tcpSection,
  create: (config, context, element) => new TcpInput(context, config, element),
  startProblems: (config, context, element) => listenProblems(config, element, context),
});
