import type { AddressInfo } from 'node:net';
import type { ConfigElement, SectionOf } from '@sluice/config';
import {
  checkKeeping,
  defineInput,
  Input,
  listenProblems,
  parserOf,
  sourceFields,
  transportOptions,
  type InputContext,
  type PluginStatistics,
} from '@sluice/plugin';
import type { Datagram } from '@sluice/server';
import { emitAll, receivedTexts, type ReceivedTexts } from './received-texts.js';
import { udpSection } from './section.js';

const TITLE = 'in_udp';
/** Datagrams of one turn of the event loop that become one stream. */
const batch = 64;

/** The UDP input. Fluentd: `in_udp`. */
class UdpInput extends Input {
  readonly #config: SectionOf<typeof udpSection>;
  readonly #keys: { sourceAddressKey: string | undefined; sourceHostnameKey: string | undefined };
  readonly #texts: ReceivedTexts;

  constructor(context: InputContext, config: SectionOf<typeof udpSection>, element: ConfigElement) {
    super(context);
    this.#config = config;
    this.#texts = receivedTexts(config, parserOf(context, element), this.log);
    const { sourceAddressKey, sourceHostnameKey = config.sourceHostKey } = config;
    this.#keys = { sourceAddressKey, sourceHostnameKey };
  }

  override async start(): Promise<void> {
    const { port, bind, transport, bodySizeLimit, messageLengthLimit } = this.#config;
    const { receiveBufferSize } = this.#config;
    const options = transportOptions(transport);
    const server = await this.servers.createUdp(
      TITLE,
      port,
      {
        ...options,
        ...(receiveBufferSize !== undefined && { receiveBufferSize }),
        proto: 'udp',
        batch,
        bind,
        maxBytes: bodySizeLimit ?? messageLengthLimit,
        resolveName: this.#keys.sourceHostnameKey !== undefined,
      },
      (datagrams) => this.#received(datagrams),
    );
    const { address, port: listening } = server.address() as AddressInfo;
    this.log.info({ address, port: listening }, `listening on udp ${address}:${listening}`);
  }

  override statistics(): PluginStatistics {
    return this.#texts.statistics();
  }

  #received(datagrams: readonly Datagram[]): void | Promise<void> {
    const sources = datagrams.map((datagram) => sourceFields(datagram, this.#keys));
    if (sources.some((source) => source instanceof Promise)) {
      return Promise.all(sources.map((source) => Promise.resolve(source))).then((known) =>
        this.#emit(datagrams, known),
      );
    }
    return this.#emit(datagrams, sources as (Record<string, string> | undefined)[]);
  }

  #emit(
    datagrams: readonly Datagram[],
    sources: readonly (Record<string, string> | undefined)[],
  ): void | Promise<void> {
    datagrams.forEach(({ data, peer }, index) => {
      const text = this.#config.removeNewline ? withoutLineEnd(data) : data;
      this.#texts.add(text, peer, sources[index]);
    });
    return emitAll(this.#texts.take(), (tag, stream) =>
      checkKeeping(this.router.emit(tag, stream), this.id, 'emit'),
    );
  }
}

/** Without one line end: `chomp` of Ruby. */
function withoutLineEnd(data: Buffer): Buffer {
  let end = data.length;
  if (data[end - 1] === 0x0a) end--;
  if (data[end - 1] === 0x0d) end--;
  return end === data.length ? data : data.subarray(0, end);
}

/** `@type udp`. Fluentd: `in_udp`. */
export const udpInput = defineInput({
  type: 'udp',
  description: 'Receives texts over UDP, one in each datagram.',
  section: udpSection,
  create: (config, context, element) => new UdpInput(context, config, element),
  startProblems: (config, context, element) => listenProblems(config, element, context),
});
