import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import type { EventInput } from '@sluice/event-stream';
import { AckReader, encodePackedForward } from '@sluice/forward-protocol';
import { createClientContext } from '@sluice/tls';

export interface SenderOptions {
  readonly host: string;
  readonly port: number;
  /** A Unix socket in place of host and port. */
  readonly unix?: string | undefined;
  readonly tls?: { readonly ca?: string | undefined; readonly insecure: boolean } | undefined;
  /** Ask for an ack of every chunk. */
  readonly ack: boolean;
}

/** Chunks that may be unacknowledged at a time. */
const window = 8;
/** Milliseconds in which an ack has to come; the clients of Fluentd wait as long. */
const ackTimeout = 190_000;
/** Milliseconds in which a connection has to be made. */
const connectTimeout = 10_000;

async function connect(options: SenderOptions): Promise<net.Socket> {
  const address =
    options.unix === undefined
      ? { host: options.host, port: options.port }
      : { path: options.unix };
  const signal = AbortSignal.timeout(connectTimeout);
  if (options.tls === undefined) {
    const socket = net.connect(address);
    await once(socket, 'connect', { signal });
    return socket;
  }
  const client = await createClientContext({
    minVersion: 'TLSv1_2',
    maxVersion: 'TLSv1_3',
    insecure: options.tls.insecure,
    ...(options.tls.ca !== undefined && { caPath: options.tls.ca }),
  });
  const socket = tls.connect({ ...address, ...client.connectOptions(options.host) });
  await once(socket, 'secureConnect', { signal });
  const verdict = await client.verifyPeer(socket);
  if (!verdict.ok) {
    socket.destroy();
    throw new Error(`the server's certificate is refused: ${verdict.reason}`);
  }
  return socket;
}

/** Sends events to a forward port, with a few chunks under way at a time. */
export class ForwardSender {
  readonly #unacked = new Set<string>();
  readonly #acks = new AckReader();
  #failure: Error | undefined;
  #changed: () => void = () => undefined;

  private constructor(
    readonly socket: net.Socket,
    readonly options: SenderOptions,
  ) {
    socket.on('data', (bytes) => {
      try {
        for (const chunk of this.#acks.push(bytes)) this.#unacked.delete(chunk);
      } catch (error) {
        this.#fail(error as Error);
      }
      this.#changed();
    });
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => {
      if (this.#unacked.size > 0) this.#fail(new Error('the server closed the connection'));
      else this.#changed();
    });
  }

  /** @throws the system's error, or why the certificate is refused */
  static async connect(options: SenderOptions): Promise<ForwardSender> {
    return new ForwardSender(await connect(options), options);
  }

  /** Sends one chunk; resolves when another may follow. */
  async send(tag: string, events: EventInput[]): Promise<void> {
    if (events.length === 0) return;
    const chunk = randomBytes(16).toString('base64');
    const option = { size: events.length, ...(this.options.ack && { chunk }) };
    if (this.options.ack) this.#unacked.add(chunk);
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.socket.write(encodePackedForward(tag, events, option))) {
      await this.#until(() => !this.socket.writableNeedDrain, 'drain');
    }
    await this.#until(() => this.#unacked.size < window);
  }

  /** Waits until everything has been acknowledged, or without acks sent, and closes. */
  async end(): Promise<void> {
    await this.#until(() => this.#unacked.size === 0);
    this.socket.end();
    if (!this.socket.closed) await this.#until(() => this.socket.closed || this.socket.destroyed);
  }

  destroy(): void {
    this.socket.destroy();
  }

  async #until(condition: () => boolean, event?: string): Promise<void> {
    while (this.#failure === undefined && !condition()) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
        if (event !== undefined) this.socket.once(event, resolve);
        timer = setTimeout(() => {
          this.#fail(new Error(`no answer from the server within ${ackTimeout / 1000} s`));
        }, ackTimeout);
      });
      clearTimeout(timer);
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.socket.destroy();
    this.#changed();
  }
}
