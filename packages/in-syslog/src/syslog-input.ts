import type { AddressInfo } from 'node:net';
import { ConfigElement } from '@sluice/config';
import { DelimitedReader } from '@sluice/formats';
import {
  allKept,
  checkKeeping,
  defineInput,
  innerPlugin,
  Input,
  KEPT,
  listenProblems,
  sectionOf,
  sourceFields,
  transportOptions,
  type InputContext,
  type Parser,
  type PluginStatistics,
  type SourceKeys,
  type Transport,
} from '@sluice/plugin';
import type { Connection, Datagram, ServerHandle } from '@sluice/server';
import { SyslogMessages } from './messages.js';
import { OctetReader } from './octet-reader.js';
import { protocolOf, syslogSection, type SyslogConfig } from './section.js';

const TITLE = 'in_syslog';
/** Datagrams of one turn of the event loop that are worked off together. */
const batch = 64;

type Fields = Record<string, string> | undefined;

/** The syslog input. Fluentd: `in_syslog`. */
class SyslogInput extends Input {
  readonly #config: SyslogConfig;
  readonly #keys: SourceKeys;
  readonly #messages: SyslogMessages;

  constructor(context: InputContext, config: SyslogConfig, element: ConfigElement) {
    super(context);
    this.#config = config;
    const { sourceAddressKey, sourceHostnameKey, includeSourceHost, sourceHostKey } = config;
    this.#keys = {
      sourceAddressKey: includeSourceHost ? sourceHostKey : sourceAddressKey,
      sourceHostnameKey,
    };
    const { parser, parsesPriority } = parserWithPriority(context, element);
    this.#messages = new SyslogMessages(parser, parsesPriority, config, this.log);
  }

  override async start(): Promise<void> {
    const protocol = protocolOf(this.#config);
    const server = await (protocol === 'udp' ? this.#listenUdp() : this.#listenStream(protocol));
    const { address, port } = server.address() as AddressInfo;
    this.log.info({ address, port }, `listening on ${protocol} ${address}:${port}`);
  }

  override statistics(): PluginStatistics {
    return this.#messages.statistics();
  }

  get #resolveName(): boolean {
    const { resolveHostname, sourceHostnameKey } = this.#config;
    return resolveHostname ?? sourceHostnameKey !== undefined;
  }

  #listenUdp(): Promise<ServerHandle> {
    const { port, bind, transport, messageLengthLimit } = this.#config;
    const udp: Transport<'udp'> = { ...transport, protocol: 'udp' };
    return this.servers.createUdp(
      TITLE,
      port,
      {
        ...transportOptions(udp),
        proto: 'udp',
        batch,
        bind,
        maxBytes: messageLengthLimit,
        resolveName: this.#resolveName,
      },
      (datagrams) => this.#datagrams(datagrams),
    );
  }

  #listenStream(protocol: 'tcp' | 'tls'): Promise<ServerHandle> {
    const { port, bind, transport, sendKeepalivePacket } = this.#config;
    return this.servers.createConnection(
      TITLE,
      port,
      {
        ...transportOptions({ ...transport, protocol }),
        bind,
        sendKeepalivePacket,
        resolveName: this.#resolveName,
      },
      (connection) => this.#accept(connection),
    );
  }

  #accept(connection: Connection): void {
    const { frameType, frameLengthLimit, delimiter } = this.#config;
    const { peer } = connection;
    const tooLong = (bytes: number): void => this.#messages.addTooLong(bytes, peer);
    const reader =
      frameType === 'octet_count'
        ? new OctetReader(frameLengthLimit, tooLong)
        : new DelimitedReader(delimiter, frameLengthLimit, tooLong);
    let fields: Fields;
    let naming: Promise<void> | undefined;
    const source = sourceFields(connection, this.#keys);
    if (source instanceof Promise) {
      naming = source.then((found) => {
        fields = found;
        naming = undefined;
      });
    } else {
      fields = source;
    }
    const read = (data: Buffer): void | Promise<void> => {
      // The socket waits for the peer's name, and for outputs that are busy.
      if (naming !== undefined) return naming.then(() => read(data));
      reader.push(data, (message) => this.#messages.add(message, peer, fields));
      return this.#emit();
    };
    connection.on('data', read);
  }

  #datagrams(datagrams: readonly Datagram[]): void | Promise<void> {
    const sources = datagrams.map((datagram) => sourceFields(datagram, this.#keys));
    if (sources.some((source) => source instanceof Promise)) {
      return Promise.all(sources.map((source) => Promise.resolve(source))).then((known) =>
        this.#addDatagrams(datagrams, known),
      );
    }
    return this.#addDatagrams(datagrams, sources as Fields[]);
  }

  #addDatagrams(datagrams: readonly Datagram[], sources: readonly Fields[]): void | Promise<void> {
    datagrams.forEach(({ data, peer }, index) => {
      this.#messages.add(withoutLineEnd(data), peer, sources[index]);
    });
    return this.#emit();
  }

  #emit(): void | Promise<void> {
    const pending: Promise<void>[] = [];
    for (const [tag, stream] of this.#messages.take()) {
      const kept = checkKeeping(this.router.emit(tag, stream), this.id, 'emit');
      if (kept !== KEPT) pending.push(kept);
    }
    if (pending.length > 0) return allKept(pending);
  }
}

/** Without one line end: `chomp` of Ruby. */
function withoutLineEnd(data: Buffer): Buffer {
  let end = data.length;
  if (data[end - 1] === 0x0a) end--;
  if (data[end - 1] === 0x0d) end--;
  return end === data.length ? data : data.subarray(0, end);
}

/** The parser, which takes the priority too where it is that of syslog and nothing else is said. */
function parserWithPriority(
  context: InputContext,
  element: ConfigElement,
): { parser: Parser; parsesPriority: boolean } {
  const section = sectionOf(element, 'parser');
  const old = element.params.get('format');
  const given = [...section.params.values()];
  const type = section.type ?? element.get('format') ?? 'syslog';
  const { location } = section;
  const written = (name: string, value: string) => ({
    name,
    value,
    form: 'bare' as const,
    location,
    valueLocation: location,
  });
  if (section.type === undefined && old !== undefined) given.push({ ...old, name: '@type' });
  if (type !== 'syslog') {
    const parser = innerPlugin(context, 'parser', copyOf(section, given), 'syslog');
    return { parser, parsesPriority: false };
  }
  if (!section.params.has('with_priority')) given.push(written('with_priority', 'true'));
  const parser = innerPlugin(context, 'parser', copyOf(section, given), 'syslog');
  return { parser, parsesPriority: !['false', 'no'].includes(section.get('with_priority') ?? '') };
}

function copyOf(
  { name, arg, location, elements }: ConfigElement,
  params: ConfigElement['params'] extends Map<string, infer P> ? P[] : never,
): ConfigElement {
  return new ConfigElement({ name, arg, location, elements, params });
}

/** `@type syslog`. Fluentd: `in_syslog`. */
export const syslogInput = defineInput({
  type: 'syslog',
  description: 'Receives syslog over UDP, TCP or TLS: TAG.FACILITY.SEVERITY.',
  section: syslogSection,
  create: (config, context, element) => new SyslogInput(context, config, element),
  startProblems: ({ port, bind, transport, protocolType }, context, element) =>
    listenProblems(
      { port, bind, transport: { ...transport, protocol: protocolType ?? transport.protocol } },
      element,
      context,
    ),
});
