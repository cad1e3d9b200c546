import net from 'node:net';
import { AckReader, encodePackedForward } from '@sluice/forward-protocol';
import { onTestFinished } from 'vitest';

const PER_CHUNK = 20;

/**
 * Sends numbered events in chunks at a steady rate, and each chunk until it is acknowledged: when a
 * connection breaks, all that is open goes to the next port, under the same ids.
 */
export class RepeatingSender {
  readonly acked: number[] = [];
  /** Connections that broke. */
  broken = 0;
  readonly #open = new Map<string, { bytes: Buffer; numbers: number[] }>();
  readonly #waiting = new Set<() => void>();
  #socket: net.Socket | undefined;
  #turn: number;
  #next: number;
  #timer: NodeJS.Timeout;
  #closed = false;

  /**
   * @param ports of agents, taken in turn
   * @param first the first number; others must not send the same ones
   * @param milliseconds between two chunks
   */
  constructor(
    readonly ports: readonly number[],
    readonly first: number,
    milliseconds: number,
  ) {
    this.#next = first;
    this.#turn = first;
    this.#connect();
    this.#timer = setInterval(() => this.#send(), milliseconds);
    onTestFinished(() => this.#close());
  }

  /** Resolves when so many more events have been acknowledged. */
  async more(events: number): Promise<void> {
    const count = this.acked.length + events;
    await this.#until(() => this.acked.length >= count);
  }

  /** Sends nothing new; resolves when all is acknowledged. */
  async finish(): Promise<void> {
    clearInterval(this.#timer);
    await this.#until(() => this.#open.size === 0);
    this.#close();
  }

  #until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  #send(): void {
    if (this.#open.size >= 64) return; // acks do not come
    const numbers = Array.from({ length: PER_CHUNK }, (_, i) => this.#next + i);
    this.#next += PER_CHUNK;
    const chunk = `${this.first}-${numbers[0]}`;
    const events = numbers.map((n) => ({ record: { n, text: 'x'.repeat(100) } }));
    const bytes = encodePackedForward('app.load', events, { chunk });
    this.#open.set(chunk, { bytes, numbers });
    this.#socket?.write(bytes);
  }

  #connect(): void {
    if (this.#closed) return;
    const socket = net.connect(this.ports[this.#turn++ % this.ports.length], '127.0.0.1');
    const reader = new AckReader();
    socket.on('connect', () => {
      this.#socket = socket;
      for (const { bytes } of this.#open.values()) socket.write(bytes);
    });
    socket.on('data', (data) => {
      for (const chunk of reader.push(data)) {
        this.acked.push(...(this.#open.get(chunk)?.numbers ?? []));
        this.#open.delete(chunk);
      }
      for (const check of this.#waiting) check();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#socket === socket && !this.#closed) this.broken++;
      this.#socket = undefined;
      setTimeout(() => this.#connect(), 100);
    });
  }

  #close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#socket?.destroy();
  }
}
