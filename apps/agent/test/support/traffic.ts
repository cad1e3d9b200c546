import net from 'node:net';
import { encodeMessage } from '@sluice/forward-protocol';
import { onTestFinished } from 'vitest';

/**
 * A sender that keeps sending events, each with an id and an ack that is waited for: over one
 * connection, which is opened anew when it ends, or over one for each event. What was not
 * acknowledged is sent again, as every forward client with acks does.
 */
export class Traffic {
  /** Ids whose ack has come. */
  readonly acked: number[] = [];
  /** Connections that were refused. */
  refused = 0;
  /** Connections that ended while an event was under way. */
  broken = 0;
  #next = 0;
  #running = true;
  #socket: net.Socket | undefined;
  readonly #done: Promise<void>;
  #waiting: { count: number; resolve: () => void }[] = [];

  constructor(
    readonly port: number,
    readonly name: string,
    readonly perConnection = Infinity,
  ) {
    this.#done = this.#run();
    onTestFinished(() => this.stop());
  }

  /** Resolves when so many more events have been acknowledged. */
  more(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ count: this.acked.length + count, resolve });
    });
  }

  /** Ends after the event under way. */
  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
    this.#socket?.destroy();
  }

  async #run(): Promise<void> {
    while (this.#running) {
      const id = this.#next;
      if (!(await this.#send(id))) continue;
      this.#next += 1;
      this.acked.push(id);
      const reached = this.#waiting.filter(({ count }) => this.acked.length >= count);
      this.#waiting = this.#waiting.filter((entry) => !reached.includes(entry));
      for (const { resolve } of reached) resolve();
      if (this.#next % this.perConnection === 0) this.#close();
    }
  }

  #close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  /** @returns whether the ack came */
  #send(id: number): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = (this.#socket ??= net.connect(this.port, '127.0.0.1'));
      const settle = (acked: boolean): void => {
        socket.off('data', onData).off('close', onClose).off('error', onError);
        if (!acked) {
          this.broken += 1;
          socket.on('error', () => undefined);
          this.#close();
        }
        resolve(acked);
      };
      const onData = (data: Buffer): void => settle(data.includes('ack'));
      const onClose = (): void => settle(false);
      const onError = (error: NodeJS.ErrnoException): void => {
        if (error.code === 'ECONNREFUSED') this.refused += 1;
        settle(false);
      };
      socket.on('data', onData).on('close', onClose).on('error', onError);
      const record = { from: this.name, id };
      socket.write(encodeMessage('app.traffic', { record }, { chunk: `${id}` }));
    });
  }
}
