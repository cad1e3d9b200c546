import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ConfigElement } from '@sluice/config';
import {
  Budget,
  checkKeeping,
  Input,
  isUnrecoverable,
  KEPT,
  printable,
  sectionOf,
  transportOptions,
  type InputContext,
  type PluginStatistics,
} from '@sluice/plugin';
import type { Connection } from '@sluice/server';
import { Account } from './account.js';
import { checkBody, readBody } from './body.js';
import { Cors } from './cors.js';
import { HttpEndpoint, type Answer } from './http-endpoint.js';
import { recordReader } from './record-reader.js';
import { busy, RequestRefusal } from './refusal.js';
import { RequestEvents, targetOf } from './request-events.js';
import type { HttpConfig } from './section.js';

const TITLE = 'in_http';

/** A GIF of one pixel. */
const pixel = Buffer.from('R0lGODlhAQABAID/AP///wAAACwAAAAAAQABAAACAkQBADs=', 'base64');
const plain = { 'Content-Type': 'text/plain' };

/** The HTTP input. Fluentd: `in_http`. */
export class HttpInput extends Input {
  readonly #config: HttpConfig;
  readonly #events: RequestEvents;
  readonly #budget: Budget;
  readonly #cors: Cors;
  readonly #endpoint: HttpEndpoint;
  readonly #answers = new Map<number, number>();
  #received = 0;
  #bytes = 0;

  constructor(context: InputContext, config: HttpConfig, element: ConfigElement) {
    super(context);
    this.#config = config;
    const type = sectionOf(element, 'parser').type ?? config.format ?? 'in_http';
    const anyType = type !== 'in_http' && type !== 'default';
    this.#events = new RequestEvents(config, recordReader(context, element), anyType);
    this.#budget = new Budget({ limit: config.inFlightLimit });
    this.#cors = new Cors(config);
    this.#endpoint = new HttpEndpoint({
      clock: this.clock,
      keepaliveTimeout: config.keepaliveTimeout * 1000,
      requestTimeout: config.requestTimeout * 1000,
      check: (request) => this.#check(request),
      answer: (request, connection, before) => this.#answer(request, connection, before),
      headers: ({ headers }) => this.#cors.headers(headers.origin),
      answered: (status) => this.#count(status),
      refused: (refusal, peer, url) => this.#refused(refusal, peer, url),
      failed: (error, peer) => this.log.error({ peer, err: error }, 'a request failed'),
    });
  }

  override async start(): Promise<void> {
    const { port, bind, backlog, transport, maxConnections, maxConnectionsPerAddress } =
      this.#config;
    const server = await this.servers.createConnection(
      TITLE,
      port,
      { ...transportOptions(transport), bind, backlog, maxConnections, maxConnectionsPerAddress },
      (connection) => this.#endpoint.accept(connection),
    );
    const { address, port: listening } = server.address() as AddressInfo;
    const protocol = transport.protocol === 'tls' ? 'https' : 'http';
    this.log.info({ address, port: listening }, `listening on ${protocol} ${address}:${listening}`);
  }

  override terminate(): void {
    this.#endpoint.close();
  }

  override statistics(): PluginStatistics {
    return {
      counters: {
        events: this.#received,
        body_bytes: this.#bytes,
        responses: { label: 'status', values: Object.fromEntries(this.#answers) },
      },
      gauges: { in_flight_bytes: this.#budget.bytes },
    };
  }

  /** @throws RequestRefusal for a request whose body is not to be read */
  #check(request: IncomingMessage): void {
    if (!this.#takesEvents(request)) return;
    if (!this.#cors.allows(request.headers.origin)) {
      throw new RequestRefusal(403, 'cors_allow_origins does not name this origin');
    }
    checkBody(request, this.#config);
    if (this.#budget.full) throw busy('too many events are under way');
  }

  /** Fluentd takes events by any method that has no meaning of its own. */
  #takesEvents({ method }: IncomingMessage): boolean {
    return method === 'POST' || method === 'PUT' || method === 'PATCH';
  }

  async #answer(
    request: IncomingMessage,
    connection: Connection,
    before: Promise<void>,
  ): Promise<Answer> {
    if (this.#takesEvents(request)) return this.#take(request, connection, before);
    request.resume();
    return this.#withoutEvents(request);
  }

  /** Load balancers ask with GET or HEAD whether we are there, pages with OPTIONS what they may. */
  #withoutEvents({ method, headers }: IncomingMessage): Answer {
    if (method === 'GET' || method === 'HEAD') return { status: 200, headers: plain, body: '' };
    if (method !== 'OPTIONS') {
      throw new RequestRefusal(405, 'events come by POST', { Allow: 'GET, HEAD, OPTIONS, POST' });
    }
    const asked = headers['access-control-request-headers'];
    const allowed = this.#cors.preflight(
      headers.origin,
      headers['access-control-request-method'],
      Array.isArray(asked) ? asked.join(', ') : asked,
    );
    if (allowed === undefined) throw new RequestRefusal(403, 'this origin may not post here');
    return { status: 200, headers: { ...plain, ...allowed }, body: '' };
  }

  async #take(
    request: IncomingMessage,
    connection: Connection,
    before: Promise<void>,
  ): Promise<Answer> {
    const account = new Account(this.#budget);
    try {
      const body = await readBody(request, this.#config, account);
      await before;
      this.#bytes += body.length;
      const target = targetOf(request.url ?? '/', this.#config.addTagPrefix);
      const stream = this.#events.streamOf(request, target, body, connection.remoteAddr);
      account.keep(stream.bytes.length);
      if (stream.count > 0) await this.#emit(target.tag, stream);
      this.#received += stream.count;
    } finally {
      account.keep(0);
    }
    const headers = this.#cors.headers(request.headers.origin);
    const { respondWithEmptyImg, use204Response } = this.#config;
    if (respondWithEmptyImg) {
      return {
        status: 200,
        headers: { 'Content-Type': 'image/gif; charset=utf-8', ...headers },
        body: pixel,
      };
    }
    if (use204Response) return { status: 204, headers, body: '' };
    return { status: 200, headers: { ...plain, ...headers }, body: '' };
  }

  async #emit(tag: string, stream: Parameters<Input['router']['emit']>[1]): Promise<void> {
    try {
      const kept = checkKeeping(this.router.emit(tag, stream), this.id, 'emit');
      if (kept !== KEPT) await kept;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (this.#config.dumpErrorLog) this.log.error({ tag, reason }, 'events were not kept');
      // What is wrong is our side's business: its paths and names are not for everybody.
      throw isUnrecoverable(error)
        ? new RequestRefusal(500, 'the events cannot be kept')
        : busy('the events are not kept: send them again');
    }
  }

  #refused({ status, reason }: RequestRefusal, peer: string, url?: string): void {
    this.#count(status);
    if (!this.#config.dumpErrorLog || status >= 500) return;
    const path = url === undefined ? {} : { path: printable(url) };
    this.log.warn({ peer, status, reason, ...path }, 'a request was refused');
  }

  #count(status: number): void {
    this.#answers.set(status, (this.#answers.get(status) ?? 0) + 1);
  }
}
