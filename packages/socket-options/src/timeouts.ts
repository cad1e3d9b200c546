import type { Socket } from 'node:net';
import { handleOf } from './descriptor.js';
import { SocketOptionError, SocketTimeoutError, type TimeoutReason } from './errors.js';
import type { SocketOptions } from './options.js';
import { closeWithLinger } from './linger.js';
import { SendProgress } from './send-queue.js';
import { timeoutProblem } from './validate.js';

/**
 * Called once when a limit has passed; it closes the connection, or not.
 * @param error carries reason, seconds and peer, for a log line or for `socket.destroy(error)`
 */
export type TimeoutListener = (
  reason: TimeoutReason,
  error: SocketTimeoutError,
  socket: Socket,
) => void;

/** The limits of {@link watchTimeouts} in seconds; absent or 0: no limit. */
export interface TimeoutLimits extends Pick<SocketOptions, 'recvTimeout' | 'sendTimeout'> {
  /** Without a byte in either direction. */
  idleTimeout?: number | undefined;
  /** Until the first byte from the peer. */
  firstByteTimeout?: number | undefined;
}

/** Milliseconds between two sweeps: an eighth of the shortest limit, within these. */
const SHORTEST_SWEEP = 20;
const LONGEST_SWEEP = 1000;

/**
 * Keeps the limits in time of one connection: `recvTimeout`, `sendTimeout` and others.
 *
 * It costs nothing per packet: one timer of the process looks at the byte counters of all watched
 * sockets, every eighth of the shortest limit (20 ms to 1 s), so that a timeout is noticed that
 * much later, and never early. The timer holds no process open.
 *
 * - `recv-timeout`: the peer sent nothing for `recvTimeout`. Time in which we do not read (a
 *   paused socket, or a full read buffer) does not count, nor does time after the peer's FIN.
 * - `send-timeout`: bytes wait, and the peer took none of them for `sendTimeout`. What waits in
 *   the kernel counts too where the native backend is loaded, else what waits in Node.
 * - `first-byte-timeout`: as `recv-timeout`, for a peer that has sent nothing yet.
 * - `idle-timeout`: as `recv-timeout`, and nothing was sent to the peer either.
 *
 * A second call for the same socket replaces the first.
 *
 * @param socket a `net.Socket` (TCP or Unix) or `tls.TLSSocket`
 * @param onTimeout closes the connection; without it, the connection is reset, with the
 *   {@link SocketTimeoutError} as the socket's `error` event
 * @returns stops watching; so does the end of the socket
 * @throws {@link SocketOptionError} for limits that are not a time
 */
export function watchTimeouts(
  socket: Socket,
  limits: TimeoutLimits,
  onTimeout: TimeoutListener = reset,
): () => void {
  const bounds: Bounds = {
    receive: milliseconds('recvTimeout', limits.recvTimeout),
    send: milliseconds('sendTimeout', limits.sendTimeout),
    idle: milliseconds('idleTimeout', limits.idleTimeout),
    firstByte: milliseconds('firstByteTimeout', limits.firstByteTimeout),
  };
  watches.delete(socket);
  const shortest = Math.min(bounds.receive, bounds.send, bounds.idle, bounds.firstByte);
  if (socket.destroyed || shortest === Infinity) return () => undefined;
  const watch = new Watch(socket, bounds, shortest, onTimeout);
  watches.set(socket, watch);
  if (watch.period < period) sweepEvery(watch.period);
  return () => {
    if (watches.get(socket) === watch) watches.delete(socket);
    if (watches.size === 0) sweepEvery(Infinity);
  };
}

/** Milliseconds; `Infinity` for none. */
interface Bounds {
  readonly receive: number;
  readonly send: number;
  readonly idle: number;
  readonly firstByte: number;
}

function milliseconds(option: string, seconds: number | undefined): number {
  const problem = seconds === undefined ? undefined : timeoutProblem(seconds);
  if (problem !== undefined) throw new SocketOptionError(problem, option, seconds);
  return seconds === undefined || seconds === 0 ? Infinity : seconds * 1000;
}

/** One connection under watch: what the last sweep saw, and when that had changed. */
class Watch {
  readonly period: number;
  readonly #socket: Socket;
  readonly #bounds: Bounds;
  readonly #onTimeout: TimeoutListener;
  #received = -1;
  #receivedAt: number;
  #progress: SendProgress;
  #sent = -1;
  #sentAt: number;

  constructor(socket: Socket, bounds: Bounds, shortest: number, onTimeout: TimeoutListener) {
    this.#socket = socket;
    this.#bounds = bounds;
    this.#onTimeout = onTimeout;
    this.period = Math.min(Math.max(shortest / 8, SHORTEST_SWEEP), LONGEST_SWEEP);
    const now = performance.now();
    this.#receivedAt = this.#sentAt = now;
    this.#progress = new SendProgress(now);
  }

  /** @returns false where there is nothing to watch any more */
  look(now: number): boolean {
    const socket = this.#socket;
    if (socket.destroyed) return false;
    if (socket.connecting) {
      this.#receivedAt = this.#sentAt = now;
      this.#progress = new SendProgress(now);
      return true;
    }
    const { receive, send, idle, firstByte } = this.#bounds;
    const silent = this.#silentFor(now);
    const unsent = idle === Infinity ? 0 : this.#unsentFor(now);
    if (silent >= receive) return this.#passed('recv-timeout', receive);
    if (silent >= firstByte && this.#socket.bytesRead === 0) {
      return this.#passed('first-byte-timeout', firstByte);
    }
    if (Math.min(silent, unsent) >= idle) return this.#passed('idle-timeout', idle);
    if (send !== Infinity && this.#progress.stalledFor(socket, now) >= send) {
      return this.#passed('send-timeout', send);
    }
    return true;
  }

  #silentFor(now: number): number {
    const socket = this.#socket;
    const received = handleOf(socket)?.bytesRead ?? socket.bytesRead;
    if (received === this.#received && isReading(socket)) return now - this.#receivedAt;
    this.#received = received;
    this.#receivedAt = now;
    return 0;
  }

  #unsentFor(now: number): number {
    const { bytesWritten, writableLength } = this.#socket;
    const sent = bytesWritten - writableLength;
    if (sent !== this.#sent) {
      this.#sent = sent;
      this.#sentAt = now;
    }
    return now - this.#sentAt;
  }

  #passed(reason: TimeoutReason, limit: number): false {
    const { remoteAddress, remotePort } = this.#socket;
    const peer = remoteAddress === undefined ? undefined : `${remoteAddress}:${remotePort ?? ''}`;
    const error = new SocketTimeoutError(reason, limit / 1000, peer);
    this.#onTimeout(reason, error, this.#socket);
    return false;
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
