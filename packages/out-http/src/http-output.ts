import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { ConfigElement } from '@sluice/config';
import type { EventStream } from '@sluice/event-stream';
import { StrftimeError, TimeZoneError } from '@sluice/formats';
import {
  formatterOf,
  Output,
  UnrecoverableError,
  type ChunkInfo,
  type Formatter,
  type OutputContext,
  type PluginStatistics,
  type ServiceDiscovery,
} from '@sluice/plugin';
import { chunkKeysOf } from './chunk-keys.js';
import { HttpClient } from './client.js';
import { HttpOutputError } from './errors.js';
import { JoinedWrites } from './joined-writes.js';
import { formatOf, type HttpOutputConfig } from './section.js';
import { Servers } from './servers.js';
import { PlaceholderError, Template } from './template.js';

const compress = promisify(gzip);

/** The type of a body, by the type of `<format>`. */
const contentTypes: Readonly<Record<string, string | undefined>> = {
  json: 'application/x-ndjson',
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  ltsv: 'text/tab-separated-values',
  msgpack: 'application/x-msgpack',
  out_file: 'text/plain',
  single_value: 'text/plain',
  stdout: 'text/plain',
  hash: 'text/plain',
};

/** The HTTP output. Fluentd: `out_http`. */
export class HttpOutput extends Output {
  readonly #config: HttpOutputConfig;
  readonly #formatter: Formatter;
  readonly #contentType: string;
  /** Between the records of an array: what ends each line of JSON, and a comma. */
  readonly #separator: string;
  readonly #endpoint: Template;
  readonly #headers: readonly [name: string, value: Template][];
  readonly #fixedHeaders: Readonly<Record<string, string>>;
  readonly #client: HttpClient;
  readonly #discoveries: readonly ServiceDiscovery[];
  readonly #servers: Servers | undefined;
  readonly #joined = new JoinedWrites((tag, stream) => this.#send(tag, stream, undefined));
  #requests = 0;
  #events = 0;
  #dropped = 0;
  #failed = 0;

  /** @throws ConfigError */
  constructor(
    context: OutputContext,
    config: HttpOutputConfig,
    element: ConfigElement,
    discoveries: readonly ServiceDiscovery[],
  ) {
    super(context);
    this.#config = config;
    this.#formatter = formatterOf(context, element, 'json');
    this.#contentType = contentTypeOf(config, element);
    this.#separator = `${newlineOf(element)},`;
    this.#fixedHeaders = fixedHeadersOf(config, this.#contentType);
    const keys = chunkKeysOf(element);
    const template = (param: string, source: string, encode: (text: string) => string) => {
      try {
        return new Template(source, keys, this.workerId, encode);
      } catch (error) {
        const known = [PlaceholderError, StrftimeError, TimeZoneError];
        if (!known.some((kind) => error instanceof kind)) throw error;
        throw element.error((error as Error).message, { param });
      }
    };
    this.#endpoint = template('endpoint', config.endpoint, encodeURIComponent);
    this.#headers = Object.entries(config.headersFromPlaceholders).map(([name, value]) => [
      name,
      template('headers_from_placeholders', value, headerValue),
    ]);
    this.#discoveries = discoveries;
    if (discoveries.length > 0) this.#servers = new Servers(this.clock, config.recoverWait * 1000);
    this.#client = new HttpClient(config, this.log, (host, port) =>
      this.#servers?.nameOf(host, port),
    );
  }

  override async start(): Promise<void> {
    await this.#client.start(this.id);
    const update = (): void =>
      this.#servers?.set(this.#discoveries.flatMap((discovery) => discovery.services()));
    for (const discovery of this.#discoveries) discovery.onChange(update);
    update();
  }

  write(tag: string, stream: EventStream, chunk?: ChunkInfo): Promise<void> {
    return chunk === undefined ? this.#joined.write(tag, stream) : this.#send(tag, stream, chunk);
  }

  override statistics(): PluginStatistics {
    return {
      counters: {
        requests: this.#requests,
        events: this.#events,
        dropped_events: this.#dropped,
        failed_requests: this.#failed,
      },
      ...(this.#servers !== undefined && { servers: this.#servers.statistics() }),
    };
  }

  override close(): Promise<void> {
    return this.#client.close();
  }

  async #send(tag: string, stream: EventStream, chunk: ChunkInfo | undefined): Promise<void> {
    const url = this.#url(tag, chunk);
    const turn = this.#servers?.next();
    if (this.#servers !== undefined) {
      if (turn === undefined) {
        throw new HttpOutputError(
          'ERR_SLUICE_HTTP_UNREACHABLE',
          'the service discovery knows no server',
          this.#config.endpoint,
        );
      }
      const { host, port } = turn.service;
      url.host = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    }
    const plain = this.#body(tag, stream);
    const body = this.#config.compress === 'gzip' ? await compress(plain) : plain;
    const headers = { ...this.#fixedHeaders };
    for (const [name, value] of this.#headers) headers[name] = value.fill(tag, chunk);
    const method = this.#config.httpMethod === 'put' ? 'PUT' : 'POST';
    this.#requests += 1;
    try {
      const kept = await this.#client.send({ url, method, headers, body });
      turn?.succeeded();
      if (kept) this.#events += stream.count;
      else this.#dropped += stream.count;
    } catch (error) {
      this.#failed += 1;
      if (error instanceof HttpOutputError) turn?.failed(error.message);
      throw error;
    }
  }

  #body(tag: string, stream: EventStream): Buffer {
    if (!this.#config.jsonArray) return this.#formatter.format(tag, stream);
    const lines = stream.toJsonLines({ newline: this.#separator });
    return Buffer.concat([Buffer.from('['), lines.subarray(0, -1), Buffer.from(']')]);
  }

  /** @throws UnrecoverableError for a host that is not allowed */
  #url(tag: string, chunk: ChunkInfo | undefined): URL {
    const text = this.#endpoint.fill(tag, chunk);
    if (!URL.canParse(text)) throw new UnrecoverableError('endpoint becomes no URL in this chunk');
    const url = new URL(text);
    const { allowedHosts } = this.#config;
    if (allowedHosts.length > 0 && !allowedHosts.includes(url.hostname)) {
      throw new UnrecoverableError(`allowed_hosts does not name ${url.hostname}`);
    }
    return url;
  }
}

/** @throws ConfigError where it cannot be known */
function contentTypeOf(
  { contentType, jsonArray }: HttpOutputConfig,
  element: ConfigElement,
): string {
  const type = contentType ?? (jsonArray ? 'application/json' : contentTypes[formatOf(element)]);
  if (type !== undefined) return type;
  throw element.error(
    `content_type is required: it is not known for <format> ${formatOf(element)}`,
    {
      hint: 'add content_type text/plain, or what is right',
    },
  );
}

function newlineOf(element: ConfigElement): string {
  const format = element.children('format').at(0);
  if (/^(?:false|no)$/.test(format?.get('add_newline') ?? '')) return '';
  return format?.get('newline')?.toLowerCase() === 'crlf' ? '\r\n' : '\n';
}

function fixedHeadersOf(config: HttpOutputConfig, contentType: string): Record<string, string> {
  const { auth, headers, compress: coding, endpoint } = config;
  const inUrl = /^https?:\/\/([^/?#@]*)@/i.exec(endpoint)?.[1];
  const user = auth === undefined ? inUrl : `${auth.username ?? ''}:${auth.password ?? ''}`;
  return {
    ...Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, headerValue(value)]),
    ),
    ...(coding === 'gzip' && { 'Content-Encoding': 'gzip' }),
    'Content-Type': contentType,
    ...(user !== undefined && { Authorization: `Basic ${Buffer.from(user).toString('base64')}` }),
  };
}

/** As bytes of UTF-8, and without what would end the header. */
function headerValue(text: string): string {
  const line = text.replace(/[\u0000-\u0008\u000a-\u001f\u007f]+/g, ' ');
  return Buffer.from(line, 'utf8').toString('latin1');
}
