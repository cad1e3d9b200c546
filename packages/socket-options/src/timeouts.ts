import type { Socket } from 'node:net';
import { handleOf } from './descriptor.js';
import { SocketTimeoutError, type TimeoutReason } from './errors.js';
import type { SocketOptions } from './options.js';
import { closeWithLinger } from './linger.js';
import { SendProgress } from './send-queue.js';
import { validateSocketOptions } from './validate.js';

/**
 * Called once when a time-out has passed; closing is up to it.
 * @param error carries reason, seconds and peer, for a log line or for `socket.destroy(error)`
 */
export type TimeoutListener = (
  reason: TimeoutReason,
  error: SocketTimeoutError,
  socket: Socket,
) => void;

/** The limits of {@link watchTimeouts}; absent or 0 is none. */
export type TimeoutLimits = Pick<SocketOptions, 'recvTimeout' | 'sendTimeout'>;

/** Milliseconds between two sweeps: an eighth of the shortest limit, within these. */
const SHORTEST_SWEEP = 20;
const LONGEST_SWEEP = 1000;

/**
 * Keeps `recvTimeout` and `sendTimeout` of one connection.
 *
 * It costs nothing per packet: one timer of the process looks at the byte counters of all watched
 * sockets, every eighth of the shortest limit (20 ms to 1 s), so that a time-out is noticed that
 * much later, and never early. The timer holds no process open.
 *
 * - `recv-timeout`: the peer sent nothing for `recvTimeout`. Time in which we do not read (a
 *   paused socket, or a full read buffer) does not count, nor does time after the peer's FIN.
 * - `send-timeout`: bytes wait, and the peer took none of them for `sendTimeout`. What waits in
 *   the kernel counts too where the native backend is loaded, else what waits in Node.
 *
 * A second call for the same socket replaces the first.
 *
 * @param socket a `net.Socket` (TCP or Unix) or `tls.TLSSocket`
 * @param onTimeout closes the connection; without it, the connection is reset, with the
 *   {@link SocketTimeoutError} as the socket's `error` event
 * @returns stops watching; so does the end of the socket
 * @throws {@link SocketOptionError} for limits that are no time
 */
export function watchTimeouts(
  socket: Socket,
  limits: TimeoutLimits,
  onTimeout: TimeoutListener = reset,
): () => void {
  const { recvTimeout = 0, sendTimeout = 0 } = validateSocketOptions('tcp', {
    recvTimeout: limits.recvTimeout,
    sendTimeout: limits.sendTimeout,
  });
  watches.delete(socket);
  if (socket.destroyed || (recvTimeout === 0 && sendTimeout === 0)) {
    return () => undefined;
  }
  const watch = new Watch(socket, recvTimeout * 1000, sendTimeout * 1000, onTimeout);
  watches.set(socket, watch);
  if (watch.period < period) sweepEvery(watch.period);
  return () => {
    if (watches.get(socket) === watch) watches.delete(socket);
    if (watches.size === 0) sweepEvery(Infinity);
  };
}

/** One connection under watch: what the last sweep saw, and when that had changed. */
class Watch {
  readonly period: number;
  readonly #socket: Socket;
  readonly #recvLimit: number;
  readonly #sendLimit: number;
  readonly #onTimeout: TimeoutListener;
  #received = -1;
  #receivedAt: number;
  #progress: SendProgress;

  constructor(socket: Socket, recvLimit: number, sendLimit: number, onTimeout: TimeoutListener) {
    this.#socket = socket;
    this.#recvLimit = recvLimit || Infinity;
    this.#sendLimit = sendLimit || Infinity;
    this.#onTimeout = onTimeout;
    const shortest = Math.min(this.#recvLimit, this.#sendLimit);
    this.period = Math.min(Math.max(shortest / 8, SHORTEST_SWEEP), LONGEST_SWEEP);
    const now = performance.now();
    this.#receivedAt = now;
    this.#progress = new SendProgress(now);
  }

  /** @returns false where there is nothing to watch any more */
  look(now: number): boolean {
    const socket = this.#socket;
    if (socket.destroyed) return false;
    if (socket.connecting) {
      this.#receivedAt = now;
      this.#progress = new SendProgress(now);
      return true;
    }
    if (this.#recvLimit !== Infinity && this.#silent(now)) {
      this.#passed('recv-timeout', this.#recvLimit);
      return false;
    }
    if (this.#sendLimit !== Infinity && this.#progress.stalledFor(socket, now) >= this.#sendLimit) {
      this.#passed('send-timeout', this.#sendLimit);
      return false;
    }
    return true;
  }

  #silent(now: number): boolean {
    const socket = this.#socket;
    const received = handleOf(socket)?.bytesRead ?? socket.bytesRead;
    if (received === this.#received && isReading(socket)) {
      return now - this.#receivedAt >= this.#recvLimit;
    }
    this.#received = received;
    this.#receivedAt = now;
    return false;
  }

  #passed(reason: TimeoutReason, limit: number): void {
    const { remoteAddress, remotePort } = this.#socket;
    const peer = remoteAddress === undefined ? undefined : `${remoteAddress}:${remotePort ?? ''}`;
    const error = new SocketTimeoutError(reason, limit / 1000, peer);
    this.#onTimeout(reason, error, this.#socket);
  }
}

const watches = new Map<Socket, Watch>();
let timer: NodeJS.Timeout | undefined;
let period = Infinity;

/** Runs the timer at the period that the shortest limit wants; `Infinity` stops it. */
function sweepEvery(wanted: number): void {
  if (wanted === period) return;
  clearInterval(timer);
  period = wanted;
  timer = wanted === Infinity ? undefined : setInterval(sweep, wanted).unref();
}

function sweep(): void {
  const now = performance.now();
  let shortest = Infinity;
  for (const [socket, watch] of watches) {
    try {
      if (watch.look(now)) {
        shortest = Math.min(shortest, watch.period);
        continue;
      }
    } catch (error) {
      // A listener that throws is a bug of the caller's: loud, but not at the others' expense.
      process.nextTick(() => {
        throw error;
      });
    }
    if (watches.get(socket) === watch) watches.delete(socket);
  }
  // What listeners have begun to watch meanwhile has asked for its own period.
  sweepEvery(watches.size === 0 ? Infinity : Math.min(shortest, LONGEST_SWEEP));
}

/** False where the peer's silence says nothing. */
function isReading(socket: Socket): boolean {
  return (
    !socket.isPaused() &&
    !socket.readableEnded &&
    socket.readable &&
    socket.readableLength < socket.readableHighWaterMark
  );
}

function reset(_reason: TimeoutReason, error: SocketTimeoutError, socket: Socket): void {
  // Before the reset, which would leave the socket without its error.
  const emit = socket.listenerCount('error') > 0;
  closeWithLinger(socket, 0);
  if (emit) socket.emit('error', error);
}
