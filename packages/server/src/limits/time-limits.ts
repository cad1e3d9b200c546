import type { Socket } from 'node:net';
import { watchTimeouts, type TimeoutListener } from '@sluice/socket-options';

/** The bounds in time of one server's connections, in seconds (0: none). @internal */
export interface TimeBounds {
  readonly recvTimeout: number;
  readonly sendTimeout: number;
  readonly idleTimeout: number;
  readonly firstByteTimeout: number;
  /** For a peer that has our FIN, to take what is unsent and to close. */
  readonly closeTimeout: number;
}

/**
 * Keeps the bounds in time of one server's connections. What is counted per byte is watched by
 * `watchTimeouts`, at no cost per packet; only a connection that is ending has a timer of its own.
 * @internal
 */
export class TimeLimits {
  readonly #bounds: TimeBounds;
  readonly #any: boolean;
  readonly #closing = new Map<Socket, NodeJS.Timeout>();

  constructor(bounds: TimeBounds) {
    const { recvTimeout, sendTimeout, idleTimeout, firstByteTimeout } = bounds;
    this.#bounds = bounds;
    this.#any = recvTimeout + sendTimeout + idleTimeout + firstByteTimeout > 0;
  }

  /** `passed` is called once, with the bound that has been passed. */
  watch(socket: Socket, passed: TimeoutListener): void {
    if (this.#any) watchTimeouts(socket, this.#bounds, passed);
  }

  /** Our side has ended: only what the peer takes counts, and that it closes in time. */
  finishing(socket: Socket, passed: (reason: string) => void): void {
    const { sendTimeout, closeTimeout } = this.#bounds;
    if (this.#any) watchTimeouts(socket, { sendTimeout }, passed);
    if (closeTimeout === 0 || this.#closing.has(socket)) return;
    const timer = setTimeout(() => passed('close-timeout'), closeTimeout * 1000);
    this.#closing.set(socket, timer.unref());
  }

  /** Nothing is watched any more. */
  forget(socket: Socket): void {
    if (this.#any) watchTimeouts(socket, {});
    const timer = this.#closing.size === 0 ? undefined : this.#closing.get(socket);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#closing.delete(socket);
  }
}
