import type { Socket } from 'node:net';
import { descriptorOf, handleOf } from './descriptor.js';
import { nativeIfLoaded } from './native.js';

/** Where the bytes are that a socket was given and that its peer has not acknowledged. */
export interface SendQueue {
  /** Bytes that wait in this process because the kernel has not taken them. */
  readonly inProcess: number;
  /**
   * Bytes that the kernel holds until the peer's kernel acknowledges them: its Send-Q (SIOCOUTQ;
   * SO_NWRITE on macOS). Undefined where it cannot be known: the native backend is not loaded, or
   * the socket is closed.
   */
  readonly inKernel: number | undefined;
}

/**
 * What of a connection's data its peer has not acknowledged. `{ inProcess: 0, inKernel: 0 }` says
 * that the peer's kernel has everything, so that nothing can be lost by a reset. One system call;
 * it never loads the native backend ({@link selectBackend} and {@link applySocketOptions} do).
 *
 * @param socket a `net.Socket` (TCP or Unix) or `tls.TLSSocket`, whose records are counted as they
 *   are on the wire
 */
export function sendQueueOf(socket: Socket): SendQueue {
  return { inProcess: waitingInProcess(socket), inKernel: waitingInKernel(socket) };
}

/** Bytes that were written to a socket and have not reached the kernel. */
function waitingInProcess(socket: Socket): number {
  // What libuv holds; Node counts a write that is half done as waiting in full. Under TLS, what is
  // not encrypted yet waits in Node alone.
  const queued = handleOf(socket)?.writeQueueSize ?? 0;
  return queued > 0 ? queued : socket.writableLength;
}

function waitingInKernel(socket: Socket): number | undefined {
  const fd = descriptorOf(socket);
  return typeof fd === 'number' ? nativeIfLoaded()?.unacknowledged(fd) : undefined;
}

/**
 * For how long a peer has taken nothing of what waits for it: the send timeout of one connection,
 * for those who look at their connections now and then. {@link watchTimeouts} does so by itself.
 *
 * Bytes that are stuck in the kernel count where the native backend is loaded, else those in this
 * process. A look costs a system call only while something may be waiting.
 */
export class SendProgress {
  #handedOver = -1;
  #taken = -1;
  #takenAt: number;
  #waits = false;

  /** @param now milliseconds of a clock that never goes back, such as `performance.now()` */
  constructor(now: number) {
    this.#takenAt = now;
  }

  /**
   * Looks at the socket's counters.
   *
   * @param now as for the constructor
   * @returns milliseconds since the last look that saw the peer take something, or nothing wait;
   *   0 where that is now
   */
  stalledFor(socket: Socket, now: number): number {
    const handle = handleOf(socket);
    const handedOver = handle?.bytesWritten ?? socket.bytesWritten;
    if (this.#waits || handedOver !== this.#handedOver || socket.writableLength > 0) {
      const inKernel = waitingInKernel(socket) ?? 0;
      const queued = handle?.writeQueueSize ?? socket.writableLength;
      const taken = handedOver - queued - inKernel;
      this.#handedOver = handedOver;
      this.#waits = socket.writableLength > 0 || queued > 0 || inKernel > 0;
      if (this.#waits && taken === this.#taken) return now - this.#takenAt;
      this.#taken = taken;
    }
    this.#takenAt = now;
    return 0;
  }
}
