import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Connection, Logger, StreamOptions } from '@sluice/server';

/** What is answered to a request. */
export interface Page {
  readonly status?: number;
  readonly type: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** @returns the page; undefined where there is none at that path */
export type Pages = (url: URL) => Page | undefined | Promise<Page | undefined>;

/** Seconds until a request has come whole, or that a connection may be idle between two. */
const requestTimeout = 15;
/** How many connections may wait for a request. The next one takes the place of the oldest. */
const waitingLimit = 64;

/** Bounds for all readers together: a monitor has few. */
export const connectionLimits: StreamOptions = {
  maxConnections: 256,
  firstByteTimeout: requestTimeout,
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
export class HttpPages {
  readonly #server: Server;
  readonly #pages: Pages;
  readonly #log: Logger;
  /** Connections without a whole request, by their socket; the one that waits longest is first. */
  readonly #waiting = new Map<object, Connection>();
  readonly #connections = new WeakMap<object, { connection: Connection; timer: NodeJS.Timeout }>();

  constructor(pages: Pages, log: Logger) {
    this.#pages = pages;
    this.#log = log;
    this.#server = createServer(
      { maxHeaderSize: 16 * 1024, keepAliveTimeout: requestTimeout * 1000 },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.maxRequestsPerSocket = 10_000;
  }

  accept(connection: Connection): void {
    // A server that does not listen does not look at its own timeouts: one timer does, from the
    // start or the end of a response to the next whole request.
    const timer = setTimeout(() => connection.close(), requestTimeout * 1000);
    timer.unref();
    const { socket } = connection;
    this.#connections.set(socket, { connection, timer });
    this.#wait(socket, connection);
    connection.on('close', () => {
      clearTimeout(timer);
      this.#waiting.delete(socket);
    });
    // The helper wants a consumer; the parser of HTTP takes the bytes from the same socket.
    connection.on('data', () => undefined);
    this.#server.emit('connection', socket);
  }

  /** Whoever opens many connections and sends nothing loses those, and locks nobody out. */
  #wait(socket: object, connection: Connection): void {
    this.#waiting.set(socket, connection);
    if (this.#waiting.size <= waitingLimit) return;
    const [[oldest, { socket: victim }]] = this.#waiting;
    this.#waiting.delete(oldest);
    victim.destroy();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    this.#waiting.delete(socket);
    response.once('close', () => {
      const known = this.#connections.get(socket);
      if (known === undefined || socket.destroyed) return;
      known.timer.refresh();
      this.#wait(socket, known.connection);
    });
    request.resume();
    let page: Page;
    try {
      page = await this.#page(request);
    } catch (error) {
      this.#log.error({ err: error, path: request.url }, 'a page of the monitor failed');
      page = plain(500, 'internal error: see the log');
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
    return (await this.#pages(target)) ?? plain(404, `unknown path ${target.pathname}`);
  }
}

export function plain(status: number, text: string): Page {
  return { status, type: 'text/plain; charset=utf-8', body: `${text}\n` };
}
