import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

/** A plain connection, destroyed at the end of the test. */
export async function connectTo(where: number | string): Promise<Client> {
  const socket = typeof where === 'string' ? connect(where) : connect(where, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const client = new Client(socket);
  await once(socket, 'connect');
  return client;
}

export class Client {
  #pieces: Buffer[] = [];
  #size = 0;
  #ended = false;
  error: string | undefined;
  #changed: () => void = () => undefined;

  constructor(readonly socket: Socket) {
    socket.on('data', (data: Buffer) => {
      this.#pieces.push(data);
      this.#size += data.length;
      this.#changed();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => (this.error = error.code));
    socket.on('close', () => {
      this.#ended = true;
      this.#changed();
    });
  }

  get received(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  write(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Resolves when at least so many bytes have come, or the server has closed. */
  async read(bytes: number): Promise<Buffer> {
    while (this.#size < bytes && !this.#ended) await this.#change();
    const all = this.received;
    this.#pieces = [];
    this.#size = 0;
    return all;
  }

  /** Resolves when the server has closed. */
  async closed(): Promise<Buffer> {
    while (!this.#ended) await this.#change();
    return this.received;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => (this.#changed = resolve));
  }
}

/** A path for a Unix socket that nothing uses; its folder is removed after the test. */
export function freshPath(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'sluice-forward-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return path.join(folder, 'in.sock');
}

/** Waits until something is so; polls, for what has no event. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
