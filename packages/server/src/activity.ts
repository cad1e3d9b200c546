import type { Socket } from 'node:net';

/** The bounds in time of one server, in milliseconds. @internal */
export interface TimeBounds {
  readonly idle: number;
  readonly firstByte: number;
  readonly receive: number;
  readonly send: number;
}

/**
 * What the sweep knows of one connection: the byte counters that the socket keeps anyway, as they
 * were, and when they had changed. Whole milliseconds, because small integers take no memory of
 * their own.
 * @internal
 */
export class Activity {
  #seenIn = 0;
  #seenOut = 0;
  #inAt: number;
  #outAt: number;
  #waitingSince: number;

  constructor(now: number) {
    this.#inAt = this.#outAt = this.#waitingSince = Math.trunc(now);
  }

  /** Which bound has been passed, if any; after our FIN only the one of sending counts. */
  overdue(socket: Socket, at: number, bounds: TimeBounds, ending: boolean): string | undefined {
    const now = Math.trunc(at);
    const { bytesRead, writableLength } = socket;
    const bytesOut = socket.bytesWritten - writableLength;
    // While the consumer is busy the socket is not read, so the peer's silence says nothing.
    if (bytesRead !== this.#seenIn || socket.isPaused()) {
      this.#seenIn = bytesRead;
      this.#inAt = now;
    }
    if (bytesOut !== this.#seenOut) {
      this.#seenOut = bytesOut;
      this.#outAt = this.#waitingSince = now;
    } else if (writableLength === 0) {
      this.#waitingSince = now;
    }
    if (now - this.#waitingSince >= bounds.send) return 'send-timeout';
    if (ending) return undefined;
    if (bytesRead === 0 && now - this.#inAt >= bounds.firstByte) return 'first-byte-timeout';
    if (now - this.#inAt >= bounds.receive) return 'recv-timeout';
    if (now - Math.max(this.#inAt, this.#outAt) >= bounds.idle) return 'idle-timeout';
    return undefined;
  }
}
