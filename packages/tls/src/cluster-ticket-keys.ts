import cluster, { type Worker } from 'node:cluster';
import { randomBytes } from 'node:crypto';

// Cluster messages are shared with the application, so these carry a name of their own.
const request = 'sluice-tls-ticket-keys?';
const answer = 'sluice-tls-ticket-keys';

interface Message {
  type?: unknown;
  keys?: unknown;
}

function typeOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null ? (message as Message).type : undefined;
}

/**
 * Called in the primary of a `node:cluster`: gives all workers the same session ticket keys, so
 * that a client can resume with one worker a session that it began with another, and changes the
 * keys from time to time. The keys live in memory only.
 *
 * @param options.rotation seconds between two keys; default 43,200 (12 hours).
 * @returns a function that stops sharing and rotating.
 */
export function shareTicketKeys(options: { rotation?: number } = {}): () => void {
  const { rotation = 43_200 } = options;
  let keys = randomBytes(48);
  const asked = new Set<Worker>();
  const send = (worker: Worker): void => {
    if (!worker.isConnected()) return;
    // A worker that goes away meanwhile needs no keys.
    worker.send({ type: answer, keys: keys.toString('base64') }, () => undefined);
  };
  const onMessage = (worker: Worker, message: unknown): void => {
    if (typeOf(message) !== request) return;
    asked.add(worker);
    send(worker);
  };
  const onExit = (worker: Worker): void => void asked.delete(worker);
  cluster.on('message', onMessage).on('exit', onExit);
  const timer = setInterval(
    () => {
      keys = randomBytes(48);
      for (const worker of asked) send(worker);
    },
    Math.min(rotation * 1000, 2 ** 31 - 1),
  ).unref();
  return () => {
    clearInterval(timer);
    cluster.off('message', onMessage).off('exit', onExit);
  };
}

const subscribers = new Set<(keys: Buffer) => void>();

function onWorkerMessage(message: unknown): void {
  if (typeOf(message) !== answer) return;
  const keys = Buffer.from(String((message as Message).keys), 'base64');
  if (keys.length !== 48) return;
  for (const subscriber of subscribers) subscriber(keys);
}

/**
 * In a worker: asks the primary for ticket keys. Nobody waits for the answer: where the primary
 * shares none, the worker's own keys stay. The answer comes before that to `listen`, since both go
 * the same way.
 */
export function subscribeToClusterKeys(onKeys: (keys: Buffer) => void): () => void {
  if (!cluster.isWorker || process.send === undefined || !process.connected) return () => undefined;
  if (subscribers.size === 0) process.on('message', onWorkerMessage);
  subscribers.add(onKeys);
  process.send({ type: request }, undefined, undefined, () => undefined);
  return () => {
    subscribers.delete(onKeys);
    if (subscribers.size === 0) process.off('message', onWorkerMessage);
  };
}
