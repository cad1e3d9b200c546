import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '@sluice/plugin';
import type { Connection } from '@sluice/server';
import { RequestRefusal } from './refusal.js';

/** What an answer consists of. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** What the endpoint needs of its input. */
export interface HttpEndpointOptions {
  readonly clock: Clock;
  /** Milliseconds without a byte from the peer. */
  readonly keepaliveTimeout: number;
  /** Milliseconds from the first byte of a request to its last. */
  readonly requestTimeout: number;
  /** Whether the body of a request is wanted; throws a RequestRefusal where it is not. */
  readonly check: (request: IncomingMessage) => void;
  /**
   * Rejects with a RequestRefusal where the request is not taken.
   *
   * @param before settles when the requests before this one are answered
   */
  readonly answer: (
    request: IncomingMessage,
    connection: Connection,
    before: Promise<void>,
  ) => Promise<Answer>;
  /** Headers of every answer to a request. */
  readonly headers: (request: IncomingMessage) => Readonly<Record<string, string>>;
  /** Every request that is answered, by its status. */
  readonly answered: (status: number) => void;
  /** Told of each refusal; `url` is absent where it is not known. */
  readonly refused: (refusal: RequestRefusal, peer: string, url?: string) => void;
  /** Told of an error that is nobody's but ours. */
  readonly failed: (error: unknown, peer: string) => void;
}

/** Milliseconds between two looks at what waits. */
const tick = 500;
/** Milliseconds for the headers of a request. */
const headersTimeout = 30_000;
/** Milliseconds for which the rest of a body that is not wanted is read and dropped. */
const lingering = 5000;
const maxHeaderSize = 16 * 1024;

interface Client {
  readonly connection: Connection;
  /** Requests whose last byte has come and that are not answered. */
  answering: number;
  /** Requests that have been begun and are not answered, those included. */
  open: number;
  bytes: number;
  /** When the last byte came. */
  heard: number;
  /** When the request began that has not come whole; 0: none has. */
  began: number;
  /** When the rest of what is not wanted is no longer waited for; 0 where there is none. */
  lingersUntil: number;
  /** The last answer of the connection has been written. */
  closing: boolean;
  /** Settles when the requests so far are answered: events keep the order of their requests. */
  turn: Promise<void>;
}

/**
 * Speaks HTTP on connections that the server helper has accepted: Node's parser on its sockets, with
 * limits in time that Node keeps only for servers that listen themselves.
 */
export class HttpEndpoint {
  readonly #options: HttpEndpointOptions;
  readonly #server: Server;
  readonly #clients = new Map<Duplex, Client>();
  #stopping = false;
  #cancelTick: (() => void) | undefined;

  constructor(options: HttpEndpointOptions) {
    this.#options = options;
    this.#server = createServer({
      maxHeaderSize,
      keepAliveTimeout: options.keepaliveTimeout,
      // These two are looked at here.
      requestTimeout: 0,
      headersTimeout: 0,
    });
    this.#server
      .on('request', (request, response) => this.#request(request, response))
      .on('checkContinue', (request: IncomingMessage, response: ServerResponse) =>
        this.#request(request, response, true),
      )
      .on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
        this.#refuse(request, response, new RequestRefusal(417, 'unknown expectation')),
      )
      .on('clientError', (error: NodeJS.ErrnoException, socket) => this.#broken(error, socket));
  }

  /** Takes a connection over. */
  accept(connection: Connection): void {
    const socket: Socket = connection.handOver({ shutdown: () => this.#shutdown(socket) });
    const now = this.#options.clock.now();
    const client: Client = {
      connection,
      answering: 0,
      open: 0,
      bytes: 0,
      heard: now,
      began: 0,
      lingersUntil: 0,
      closing: false,
      turn: Promise.resolve(),
    };
    this.#clients.set(socket, client);
    socket.once('close', () => this.#clients.delete(socket));
    this.#server.emit('connection', socket);
    this.#cancelTick ??= this.#startTick();
  }

  /** Forgets all timers. */
  close(): void {
    this.#cancelTick?.();
  }

  #startTick(): () => void {
    return this.#options.clock.setTimeout(() => this.#look(), tick, { background: true });
  }

  #look(): void {
    this.#cancelTick = undefined;
    const now = this.#options.clock.now();
    for (const [socket, client] of this.#clients) this.#lookAt(socket, client, now);
    if (this.#clients.size > 0) this.#cancelTick = this.#startTick();
  }

  #lookAt(socket: Duplex, client: Client, now: number): void {
    const { bytesRead } = client.connection;
    if (client.lingersUntil > 0) {
      if (now >= client.lingersUntil) socket.destroy();
      return;
    }
    if (bytesRead !== client.bytes) {
      client.bytes = bytesRead;
      client.heard = now;
      // The first bytes of a request whose headers are not whole.
      if (client.open === 0 && client.began === 0) client.began = now;
    }
    const { keepaliveTimeout, requestTimeout } = this.#options;
    // The peer waits for us: for how long is up to the outputs.
    if (client.answering > 0) return;
    const asked = client.began > 0;
    const limit = client.open === 0 ? Math.min(headersTimeout, requestTimeout) : requestTimeout;
    if (asked && now - client.began >= limit) {
      this.#giveUp(socket, client, 'the request took too long');
    } else if (now - client.heard >= keepaliveTimeout) {
      if (asked) this.#giveUp(socket, client, 'no byte came for keepalive_timeout');
      else client.connection.socket.destroySoon();
    }
  }

  #giveUp(socket: Duplex, client: Client, reason: string): void {
    this.#refuseRaw(socket, client, new RequestRefusal(408, reason));
  }

  #request(request: IncomingMessage, response: ServerResponse, wantsContinue = false): void {
    const { socket } = request;
    const client = this.#clients.get(socket);
    if (client === undefined) {
      socket.destroy();
      return;
    }
    client.open += 1;
    if (client.began === 0) client.began = this.#options.clock.now();
    let waits = true;
    request.once('end', () => {
      client.began = 0;
      client.bytes = client.connection.bytesRead;
      if (!waits) return;
      client.answering += 1;
      response.once('close', () => (client.answering -= 1));
    });
    response.once('close', () => {
      waits = false;
      client.open -= 1;
      client.heard = this.#options.clock.now();
      if (this.#stopping && client.open === 0) client.connection.socket.destroySoon();
    });
    const before = client.turn;
    client.turn = this.#answer(request, response, client, before, wantsContinue);
  }

  /** Never rejects. */
  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    client: Client,
    before: Promise<void>,
    wantsContinue: boolean,
  ): Promise<void> {
    const { check, answer, answered, headers } = this.#options;
    const { connection } = client;
    try {
      check(request);
      if (wantsContinue) response.writeContinue();
      const found = await answer(request, connection, before);
      answered(found.status);
      this.#send(request, response, found);
    } catch (error) {
      if (!(error instanceof RequestRefusal)) this.#options.failed(error, connection.peer);
      // A request that was given up has its answer already.
      if (client.closing) return;
      const refusal =
        error instanceof RequestRefusal ? error : new RequestRefusal(500, 'internal error');
      this.#options.refused(refusal, connection.peer, request.url);
      const { status, headers: own, body } = answerTo(refusal);
      this.#send(request, response, { status, headers: { ...own, ...headers(request) }, body });
    }
  }

  #refuse(request: IncomingMessage, response: ServerResponse, refusal: RequestRefusal): void {
    const peer = this.#clients.get(request.socket)?.connection.peer ?? '';
    this.#options.refused(refusal, peer, request.url);
    this.#send(request, response, answerTo(refusal));
  }

  #send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
    const client = this.#clients.get(request.socket);
    if (client === undefined || client.closing || response.destroyed) return;
    const { status, headers, body } = answer;
    const last = this.#stopping || !request.complete;
    response.writeHead(status, {
      ...headers,
      ...(status !== 204 && { 'Content-Length': Buffer.byteLength(body) }),
      ...(last && { Connection: 'close' }),
    });
    const content = request.method === 'HEAD' || status === 204 ? '' : body;
    if (request.complete) {
      response.end(content);
      return;
    }
    // Closing now would reset the connection before the peer has read the answer.
    client.closing = true;
    client.lingersUntil = this.#options.clock.now() + lingering;
    response.flushHeaders();
    if (content.length > 0) response.write(content);
    request.once('end', () => response.end());
    request.once('error', () => response.destroy());
    request.resume();
  }

  /** What is not HTTP gets an answer, too. */
  #broken(error: NodeJS.ErrnoException, socket: Duplex): void {
    const client = this.#clients.get(socket);
    if (client === undefined || client.closing || !socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const refusal =
      error.code === 'HPE_HEADER_OVERFLOW'
        ? new RequestRefusal(431, `the headers are larger than ${maxHeaderSize} bytes`)
        : new RequestRefusal(400, 'this is not HTTP');
    this.#refuseRaw(socket, client, refusal);
  }

  /** Answers on the bare socket, and lets the peer read it before the connection goes. */
  #refuseRaw(socket: Duplex, client: Client, refusal: RequestRefusal): void {
    client.closing = true;
    client.lingersUntil = this.#options.clock.now() + lingering;
    this.#options.refused(refusal, client.connection.peer);
    writeRaw(socket, refusal);
    socket.resume();
  }

  /** The helper shuts down: what has come whole is answered, and what is idle ends. */
  #shutdown(socket: Socket): void {
    this.#stopping = true;
    if ((this.#clients.get(socket)?.open ?? 0) === 0) socket.destroySoon();
  }
}

/** The answer to a request that is not taken. */
export function answerTo({ status, reason, headers }: RequestRefusal): Answer {
  return {
    status,
    headers: { 'Content-Type': 'text/plain', ...headers },
    body: `${statusLine(status)}\n${reason}\n`,
  };
}

const texts: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Request Entity Too Large',
  415: 'Unsupported Media Type',
  417: 'Expectation Failed',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

function statusLine(status: number): string {
  return `${status} ${texts[status] ?? ''}`;
}

/** Where there is no request, there is no response object either. */
function writeRaw(socket: Duplex, refusal: RequestRefusal): void {
  const { status, headers, body } = answerTo(refusal);
  const lines = Object.entries({
    ...headers,
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${statusLine(status)}\r\n${lines.join('')}\r\n${String(body)}`);
}
