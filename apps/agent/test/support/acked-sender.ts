import { once } from 'node:events';
import net from 'node:net';
import { AckReader, encodePackedForward } from '@sluice/forward-protocol';
import { onTestFinished } from 'vitest';

/**
 * Sends numbered events in chunks that ask for an ack, as fast as acks come, until the connection
 * breaks or {@link AckedSender.stop} is called. What is in `acked` must not be lost.
 */
export class AckedSender {
  readonly acked: number[] = [];
  /** Settles when the connection is gone. */
  readonly ended: Promise<void>;
  #next: number;
  #stopping = false;
  readonly #open = new Map<string, number[]>();
  readonly #socket: net.Socket;
  readonly #waiting = new Set<() => void>();

  private constructor(
    socket: net.Socket,
    readonly tag: string,
    readonly options: { first: number; perChunk: number; inFlight: number; text: string },
  ) {
    this.#socket = socket;
    this.#next = options.first;
    const reader = new AckReader();
    socket.on('data', (data) => {
      for (const chunk of reader.push(data)) {
        this.acked.push(...(this.#open.get(chunk) ?? []));
        this.#open.delete(chunk);
      }
      this.#fill();
      for (const check of this.#waiting) check();
    });
    socket.on('error', () => undefined); // a killed agent resets the connection
    this.ended = new Promise((resolve) => socket.once('close', () => resolve()));
    onTestFinished(() => void socket.destroy());
    this.#fill();
  }

  static async connect(
    port: number,
    tag: string,
    options: { first?: number; perChunk?: number; inFlight?: number; text?: string } = {},
  ): Promise<AckedSender> {
    const socket = net.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const { first = 0, perChunk = 20, inFlight = 4, text = 'x'.repeat(80) } = options;
    return new AckedSender(socket, tag, { first, perChunk, inFlight, text });
  }

  /** Chunks that are sent and not acknowledged. */
  get unacked(): number {
    return this.#open.size;
  }

  /** Resolves when so many events are acknowledged, or the connection is gone. */
  async untilAcked(count: number): Promise<void> {
    let check!: () => void;
    const reached = new Promise<void>((resolve) => {
      check = () => {
        if (this.acked.length >= count) resolve();
      };
      this.#waiting.add(check);
      check();
    });
    await Promise.race([reached, this.ended]);
    this.#waiting.delete(check);
  }

  /** Sends nothing more, waits for the acks, and closes. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#fill();
    await this.ended;
  }

  #fill(): void {
    if (this.#stopping) {
      if (this.#open.size === 0) this.#socket.end();
      return;
    }
    const { perChunk, inFlight, text } = this.options;
    while (this.#open.size < inFlight && this.#socket.writable) {
      const numbers = Array.from({ length: perChunk }, (_, n) => this.#next + n);
      this.#next += perChunk;
      const chunk = String(numbers[0]);
      this.#open.set(chunk, numbers);
      const events = numbers.map((n) => ({ record: { n, text } }));
      this.#socket.write(encodePackedForward(this.tag, events, { chunk }));
    }
  }
}
