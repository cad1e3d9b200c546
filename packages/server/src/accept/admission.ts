import type { Socket } from 'node:net';
import type { Source } from '../connection/address.js';
import { asError } from '../errors.js';
import { AddressCounter, type Limits } from '../limits/limits.js';
import { ProxyReader } from './proxy-reader.js';

/** Why a connection is turned away before anybody has seen it. @internal */
export type Refusal =
  | 'stopped'
  | 'network-not-allowed'
  | 'max-connections'
  | 'max-connections-per-address'
  | 'proxy-header'
  | 'proxy-timeout';

/** What becomes of an accepted socket. @internal */
export interface AdmissionListener {
  admitted(socket: Socket, source: Source): void;
  refused(socket: Socket, source: Source, reason: Refusal, error?: Error): void;
}

function ignoreError(): void {
  // The socket is being reset: whatever goes wrong with it now has been counted and logged.
}

/**
 * The door: decides who comes in, by the limits in number, by the networks that may connect, and
 * by the PROXY header where the connection comes from a load balancer.
 * @internal
 */
export class Admission {
  readonly #limits: Limits;
  readonly #listener: AdmissionListener;
  readonly #addresses: AddressCounter;
  readonly #readers = new Set<ProxyReader>();
  #open = 0;
  #closed = false;

  constructor(limits: Limits, listener: AdmissionListener) {
    this.#limits = limits;
    this.#listener = listener;
    this.#addresses = new AddressCounter(limits.maxConnectionsPerAddress);
  }

  /** Connections that are in. */
  get open(): number {
    return this.#open;
  }

  /** Nobody comes in any more. */
  close(): void {
    this.#closed = true;
  }

  /** Ends those that are not in yet. */
  abort(): void {
    for (const reader of this.#readers) reader.fail(new Error('stopped'));
  }

  accept(socket: Socket, source: Source): void {
    if (this.#closed) this.#refuse(socket, source, 'stopped');
    else if (this.#limits.proxies?.has(source.address) === true) this.#readHeader(socket, source);
    else this.#admit(socket, source);
  }

  /** One that was in is gone. */
  leave(address: string): void {
    this.#open -= 1;
    this.#addresses.give(address);
  }

  #readHeader(socket: Socket, proxy: Source): void {
    if (!this.#hasRoom()) {
      this.#refuse(socket, proxy, 'max-connections');
      return;
    }
    socket.on('error', ignoreError);
    const reader = new ProxyReader(socket, this.#limits.handshakeTimeout, {
      done: (header) => {
        this.#readers.delete(reader);
        socket.off('error', ignoreError);
        this.#admit(socket, header.source ?? proxy);
      },
      failed: (error, reason) => {
        this.#readers.delete(reader);
        this.#refuse(socket, proxy, reason, error);
      },
    });
    this.#readers.add(reader);
  }

  #admit(socket: Socket, source: Source): void {
    if (this.#limits.allowed?.has(source.address) === false) {
      this.#refuse(socket, source, 'network-not-allowed');
    } else if (!this.#hasRoom()) {
      this.#refuse(socket, source, 'max-connections');
    } else if (!this.#addresses.take(source.address)) {
      this.#refuse(socket, source, 'max-connections-per-address');
    } else {
      this.#open += 1;
      this.#listener.admitted(socket, source);
    }
  }

  #hasRoom(): boolean {
    return this.#open + this.#readers.size < this.#limits.maxConnections;
  }

  #refuse(socket: Socket, source: Source, reason: Refusal, error?: unknown): void {
    socket.on('error', ignoreError);
    const cause = error === undefined ? undefined : asError(error);
    this.#listener.refused(socket, source, reason, cause);
  }
}
