import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Connection, Logger, StreamOptions } from '@sluice/server';

export interface Page {
  readonly status?: number;
  readonly type: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** @returns the page; undefined where there is none at that path */
export type Pages = (url: URL) => Page | undefined | Promise<Page | undefined>;

/** Seconds until a request has come whole, or that a connection may be idle between two. */
const patience = 15;

/** Bounds for whoever comes: a monitor has few readers. */
export const connectionLimits: StreamOptions = {
  maxConnections: 128,
  firstByteTimeout: patience,
  closeTimeout: 5,
  maxWriteBuffer: 64 * 1024 * 1024,
};

const headers = {
  'Content-Security-Policy': "default-src 'self'; base-uri 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
};

/**
 * Speaks HTTP on the connections of a server of the helper, which listens, bounds and counts them.
 * Pages are only read: GET and HEAD.
 */
export class HttpFace {
  readonly #server: Server;
  readonly #pages: Pages;
  readonly #log: Logger;

  constructor(pages: Pages, log: Logger) {
    this.#pages = pages;
    this.#log = log;
    this.#server = createServer(
      { maxHeaderSize: 16 * 1024, keepAliveTimeout: patience * 1000 },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.maxRequestsPerSocket = 10_000;
  }

  accept(connection: Connection): void {
    // A server that does not listen does not look at its own time-outs: one timer does, from the
    // start or the end of a response to the next whole request.
    const timer = setTimeout(() => connection.close(), patience * 1000);
    timer.unref();
    timers.set(connection.socket, timer);
    connection.on('close', () => clearTimeout(timer));
    // The helper wants a consumer; the parser of HTTP takes the bytes from the same socket.
    connection.on('data', () => undefined);
    this.#server.emit('connection', connection.socket);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const timer = timers.get(request.socket);
    response.once('close', () => timer?.refresh());
    request.resume();
    let page: Page;
    try {
      page = await this.#page(request);
    } catch (error) {
      this.#log.error({ err: error, path: request.url }, 'a page of the monitor failed');
      page = plain(500, 'internal error: the log says more');
    }
    const body = Buffer.from(page.body);
    response.writeHead(page.status ?? 200, {
      ...headers,
      'Content-Type': page.type,
      'Content-Length': body.length,
      ...page.headers,
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  async #page({ method, url }: IncomingMessage): Promise<Page> {
    if (method !== 'GET' && method !== 'HEAD') {
      return { ...plain(405, 'only GET and HEAD'), headers: { Allow: 'GET, HEAD' } };
    }
    const base = 'http://monitor';
    if (url === undefined || !URL.canParse(url, base)) return plain(400, 'not a path');
    const target = new URL(url, base);
    return (await this.#pages(target)) ?? plain(404, `there is no ${target.pathname}`);
  }
}

const timers = new WeakMap<object, NodeJS.Timeout>();

export function plain(status: number, text: string): Page {
  return { status, type: 'text/plain; charset=utf-8', body: `${text}\n` };
}
