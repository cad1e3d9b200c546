import cluster, { type Worker } from 'node:cluster';
import { createServer, type Server, type Socket } from 'node:net';
import { asError } from '../errors.js';
import { listen, type ListenTarget } from '../listen/listen.js';
import { isGone } from '../listen/unix-path.js';
import {
  isSharing,
  sharingVariable,
  type FromPrimary,
  type FromWorker,
} from './sharing-messages.js';

/** Connections that wait for a worker while none is there. */
const longestQueue = 1024;

/** A worker that has not said for so many milliseconds that it has a connection gets no more. */
const overdue = 1000;

/** What {@link shareListeners} gives. */
export interface SharedListeners {
  /** Closes all listeners. Connections that workers have live on. */
  close(): void;
}

/**
 * To be called in a cluster's primary, before it forks: TCP, TLS and Unix listeners of the workers
 * with `shared: true` are then held by the primary and their connections dealt out strictly in
 * turn. Node's own sharing, which is used without this call, gives more connections to the
 * quickest worker, loses those on their way to a worker that dies, and closes the port with the last
 * worker; here the next worker gets them, and a port stays open until its successor listens.
 */
export function shareListeners(): SharedListeners {
  forgetClosed?.();
  process.env[sharingVariable] = String(process.pid);
  const listeners = new Map<string, SharedListener>();
  let closed = false;
  const onMessage = (worker: Worker, received: unknown): void => {
    if (!isSharing(received)) return;
    const message = received as FromWorker;
    if (closed) {
      // A worker that was forked before: it has to know that it waits in vain.
      if (message.sluice !== 'listen') return;
      const text = 'the primary has closed its shared listeners';
      send(worker, { sluice: 'failed', key: message.key, code: 'ECANCELED', message: text });
      return;
    }
    if (message.sluice === 'taken') {
      for (const listener of listeners.values()) listener.taken(message.seq, message.accepted);
      return;
    }
    let listener = listeners.get(message.key);
    if (message.sluice === 'leave') {
      if (listener?.leave(worker) === true) listeners.delete(message.key);
      return;
    }
    if (listener === undefined) {
      listener = new SharedListener(message, () => listeners.delete(message.key));
      listeners.set(message.key, listener);
    }
    void listener.join(worker);
  };
  const onExit = (worker: Worker): void => {
    awaited.delete(worker);
    for (const listener of listeners.values()) listener.lost(worker);
  };
  cluster.on('message', onMessage);
  cluster.on('exit', onExit);
  return {
    close: () => {
      closed = true;
      Reflect.deleteProperty(process.env, sharingVariable);
      cluster.off('exit', onExit);
      forgetClosed = () => cluster.off('message', onMessage);
      for (const listener of listeners.values()) listener.close();
      listeners.clear();
    },
  };
}

/** Stops answering for listeners that have been closed. */
let forgetClosed: (() => void) | undefined;
let sequence = 0;
/** Since when connections that were sent to a worker have waited for its answer, the oldest first. */
const awaited = new WeakMap<Worker, Map<number, number>>();

/** Whether the worker hangs, or has been stopped by a signal: nothing that it gets is served. */
function isLate(worker: Worker): boolean {
  const oldest: number | undefined = awaited.get(worker)?.values().next().value;
  return oldest !== undefined && performance.now() - oldest > overdue;
}

function sentTo(worker: Worker, seq: number): void {
  const sent = awaited.get(worker);
  if (sent === undefined) awaited.set(worker, new Map([[seq, performance.now()]]));
  else sent.set(seq, performance.now());
}

/** One address, and the workers that serve it. */
class SharedListener {
  readonly #key: string;
  readonly #title: string;
  readonly #target: ListenTarget;
  #server: Server;
  #listening: Promise<void>;
  /** In the order of their turns: the first is next. */
  readonly #workers: Worker[] = [];
  /** Sent to a worker that has not said yet that it has them. */
  readonly #sent = new Map<number, { socket: Socket; worker: Worker }>();
  readonly #waiting: Socket[] = [];

  constructor(request: Extract<FromWorker, { sluice: 'listen' }>, failed: () => void) {
    this.#key = request.key;
    this.#title = request.title;
    this.#target = request.target;
    this.#server = this.#makeServer();
    this.#listening = this.#listen();
    this.#listening.catch(failed);
  }

  async join(worker: Worker): Promise<void> {
    const key = this.#key;
    if (this.#workers.includes(worker)) {
      const message = 'this worker serves the address already';
      send(worker, { sluice: 'failed', key, code: 'EADDRINUSE', message });
      return;
    }
    this.#listening = this.#listening.then(() => this.#restore());
    try {
      await this.#listening;
    } catch (thrown) {
      const { cause, message } = asError(thrown);
      const { code, message: reason } = (cause ?? { message }) as NodeJS.ErrnoException;
      send(worker, { sluice: 'failed', key, code, message: reason });
      return;
    }
    if (worker.isDead()) return;
    send(worker, { sluice: 'listening', key, address: this.#server.address() });
    this.#workers.push(worker);
    for (const socket of this.#waiting.splice(0)) this.#deal(socket);
  }

  /** True where nobody serves the address any more. */
  leave(worker: Worker): boolean {
    this.#forget(worker);
    if (this.#workers.length > 0) return false;
    this.close();
    return true;
  }

  /** A worker has died: others get what was on its way to it; its successor may come. */
  lost(worker: Worker): void {
    this.#forget(worker);
    for (const [seq, entry] of [...this.#sent]) {
      if (entry.worker !== worker) continue;
      this.#sent.delete(seq);
      this.#deal(entry.socket);
    }
  }

  taken(seq: number, accepted: boolean): void {
    const entry = this.#sent.get(seq);
    if (entry === undefined) return;
    this.#sent.delete(seq);
    awaited.get(entry.worker)?.delete(seq);
    if (accepted)
      entry.socket.destroy(); // our copy of the descriptor; the worker has its own
    else this.#deal(entry.socket);
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#waiting.splice(0)) socket.destroy();
  }

  #makeServer(): Server {
    return createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined); // the worker's copy meets the same error
      this.#deal(socket);
    });
  }

  async #listen(): Promise<void> {
    await listen(this.#server, this.#target, this.#title);
    this.#server.unref(); // workers hold the primary, not what it keeps for them
  }

  /** Makes a Unix socket's file anew that somebody has removed: nobody could connect any more. */
  async #restore(): Promise<void> {
    const { path } = this.#target;
    if (path === undefined || !(await isGone(path))) return;
    this.#server.close(); // before, because it removes whatever is at the path
    this.#server = this.#makeServer();
    await this.#listen();
  }

  #forget(worker: Worker): void {
    const index = this.#workers.indexOf(worker);
    if (index >= 0) this.#workers.splice(index, 1);
  }

  /** The one whose turn it is; one that hangs only where all do. */
  #nextWorker(): Worker | undefined {
    let worker: Worker | undefined;
    for (let tries = this.#workers.length; tries > 0; tries--) {
      worker = this.#workers.shift()!;
      this.#workers.push(worker);
      if (!isLate(worker)) break;
    }
    return worker;
  }

  #deal(socket: Socket): void {
    const worker = this.#nextWorker();
    if (worker === undefined) {
      if (this.#waiting.length < longestQueue && this.#server.listening) this.#waiting.push(socket);
      else socket.destroy();
      return;
    }
    const seq = (sequence += 1);
    this.#sent.set(seq, { socket, worker });
    sentTo(worker, seq);
    send(worker, { sluice: 'connection', key: this.#key, seq }, socket);
  }
}

function send(worker: Worker, message: FromPrimary, socket?: Socket): void {
  // What cannot be sent any more is dealt out again when the worker's `exit` comes.
  worker.process.send(message, socket, { keepOpen: true }, () => undefined);
}
