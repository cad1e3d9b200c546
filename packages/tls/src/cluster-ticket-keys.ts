import cluster, { type Worker } from 'node:cluster';
import { randomBytes } from 'node:crypto';

// Cluster messages are shared with the application, so these carry a name of their own.
const request = 'sluice-tls-ticket-keys?';
const answer = 'sluice-tls-ticket-keys';
const keyLength = 48;
const longestTimer = 2 ** 31 - 1;

interface Message {
  type: string;
  /** In a request: seconds between two keys that the worker wishes for. */
  rotation?: unknown;
  /** In an answer: base64. */
  keys?: unknown;
}

function asMessage(message: unknown, type: string): Message | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  return (message as Message).type === type ? (message as Message) : undefined;
}

/** The primary's side: makes keys when the first worker asks, and changes them from time to time. */
class KeySharing {
  readonly #asked = new Set<Worker>();
  #keys: Buffer | undefined;
  #rotation = Infinity;
  /** Set by the application, which goes before what workers wish for. */
  #fixed = false;
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    cluster.on('message', this.#onMessage).on('exit', this.#onExit);
  }

  stop(): void {
    cluster.off('message', this.#onMessage).off('exit', this.#onExit);
    clearInterval(this.#timer);
    this.#asked.clear();
    this.#keys = undefined;
    this.#rotation = Infinity;
    this.#fixed = false;
  }

  rotateEvery(rotation: number, fixed: boolean): void {
    if (!fixed && (this.#fixed || rotation >= this.#rotation)) return;
    this.#fixed = fixed;
    this.#rotation = rotation;
    clearInterval(this.#timer);
    const period = Math.min(rotation * 1000, longestTimer);
    this.#timer = setInterval(() => this.#rotate(), period).unref();
  }

  readonly #onMessage = (worker: Worker, message: unknown): void => {
    const asked = asMessage(message, request);
    if (asked === undefined) return;
    if (typeof asked.rotation === 'number' && asked.rotation > 0) {
      this.rotateEvery(asked.rotation, false);
    }
    this.#asked.add(worker);
    this.#send(worker);
  };

  readonly #onExit = (worker: Worker): void => void this.#asked.delete(worker);

  #rotate(): void {
    this.#keys = undefined;
    for (const worker of this.#asked) this.#send(worker);
  }

  #send(worker: Worker): void {
    if (!worker.isConnected()) return;
    this.#keys ??= randomBytes(keyLength);
    // A worker that goes away meanwhile needs no keys.
    worker.send({ type: answer, keys: this.#keys.toString('base64') }, () => undefined);
  }
}

// A primary that has this module loaded answers its workers without being told to: usually it is
// the same program as they are. It costs nothing until one asks.
const sharing = new KeySharing();
if (cluster.isPrimary) sharing.start();

/**
 * For the primary of a `node:cluster`: gives all workers the same session ticket keys, so that a
 * client can resume with one worker a session that it began with another, and changes them from
 * time to time. The keys live in memory only.
 *
 * A primary that imports this package does so by itself, as often as its workers' `ticketRotation`
 * says; the call is for a primary that imports nothing else, or to set the rotation.
 *
 * @param options.rotation seconds between two keys; default 43,200 (12 hours).
 * @returns a function that stops sharing and rotating.
 */
export function shareTicketKeys(options: { rotation?: number } = {}): () => void {
  sharing.stop();
  sharing.start();
  sharing.rotateEvery(options.rotation ?? 43_200, true);
  return () => sharing.stop();
}

const subscribers = new Set<(keys: Buffer) => void>();

function onWorkerMessage(message: unknown): void {
  const answered = asMessage(message, answer);
  if (answered === undefined) return;
  const keys = Buffer.from(String(answered.keys), 'base64');
  if (keys.length !== keyLength) return;
  for (const subscriber of subscribers) subscriber(keys);
}

/**
 * In a worker: asks the primary for ticket keys. Nobody waits for the answer: where the primary
 * shares none, the worker's own keys stay. The answer comes before that to `listen`, since both go
 * the same way.
 *
 * @param rotation seconds between two keys that the worker wishes for.
 */
export function subscribeToClusterKeys(
  rotation: number,
  onKeys: (keys: Buffer) => void,
): () => void {
  if (!cluster.isWorker || process.send === undefined || !process.connected) return () => undefined;
  if (subscribers.size === 0) process.on('message', onWorkerMessage);
  subscribers.add(onKeys);
  process.send({ type: request, rotation }, undefined, undefined, () => undefined);
  return () => {
    subscribers.delete(onKeys);
    if (subscribers.size === 0) process.off('message', onWorkerMessage);
  };
}
