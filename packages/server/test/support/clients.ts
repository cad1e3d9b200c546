import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** How a connection ended, as the client saw it. */
export interface Outcome {
  data: Buffer;
  /** The server's FIN came. */
  ended: boolean;
  /** `ECONNRESET` and the like. */
  error: string | undefined;
}

/** Reads until the server has ended the connection one way or the other. */
export async function outcome(client: Socket): Promise<Outcome> {
  const chunks: Buffer[] = [];
  const result: Outcome = { data: Buffer.alloc(0), ended: false, error: undefined };
  client.on('data', (chunk: Buffer) => chunks.push(chunk));
  client.on('error', (error: NodeJS.ErrnoException) => (result.error = error.code));
  client.on('end', () => {
    result.ended = true;
    client.end();
  });
  if (!client.closed) await new Promise((resolve) => client.once('close', resolve));
  result.data = Buffer.concat(chunks);
  return result;
}

/** Resolves when so many bytes have come. */
export async function read(client: Socket, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  while (size < bytes) {
    const [chunk] = (await once(client, 'data')) as [Buffer];
    chunks.push(chunk);
    size += chunk.length;
  }
  return Buffer.concat(chunks);
}

/** A promise with its handles outside. */
export function deferred<T = void>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: Error) => void;
} {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Waits until something is so; polls, for what has no event. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(5);
}
