import cluster from 'node:cluster';
import type { AddressInfo, Socket } from 'node:net';
import { ListenError } from '../errors.js';
import { formatTarget, type ListenTarget } from '../listen/listen.js';
import {
  isSharing,
  sharingVariable,
  type FromPrimary,
  type FromWorker,
} from './sharing-messages.js';

/** True where the primary holds the listener, and deals out its connections. @internal */
export function isHeldByPrimary(target: ListenTarget): boolean {
  return (
    cluster.isWorker &&
    !target.exclusive &&
    !target.reusePort &&
    process.env[sharingVariable] === String(process.ppid)
  );
}

const anyPorts = new Map<string, number>();

function nextOf(key: string): number {
  const number = anyPorts.get(key) ?? 0;
  anyPorts.set(key, number + 1);
  return number;
}

/** A worker's part of a listener that the primary holds. @internal */
export class SharedMember {
  readonly #key: string;
  readonly #title: string;
  readonly #target: ListenTarget;
  readonly #accept: (socket: Socket) => void;
  #address: AddressInfo | string | null = null;
  #started: { resolve: () => void; reject: (error: Error) => void } | undefined;
  #left = false;

  constructor(title: string, target: ListenTarget, accept: (socket: Socket) => void) {
    const { host, port, path, fd, ipv6Only } = target;
    const key = JSON.stringify({ host, port, path, fd, ipv6Only });
    // Any port is one port for all workers, but not one for two servers of a worker: these are told
    // apart by their order, which is the same in every worker.
    const any = port === 0 && path === undefined && fd === undefined;
    this.#key = any ? `${key} ${nextOf(key)}` : key;
    this.#title = title;
    this.#target = target;
    this.#accept = accept;
  }

  address(): AddressInfo | string | null {
    return this.#address;
  }

  listen(): Promise<void> {
    process.on('message', this.#onMessage);
    return new Promise((resolve, reject) => {
      this.#started = { resolve, reject };
      tell({ sluice: 'listen', key: this.#key, title: this.#title, target: this.#target });
    });
  }

  leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#address = null;
    tell({ sluice: 'leave', key: this.#key });
    // Connections that are on their way are handed back; those that follow go to others.
    setTimeout(() => process.off('message', this.#onMessage), 1000).unref();
  }

  readonly #onMessage = (received: unknown, socket: unknown): void => {
    if (!isSharing(received)) return;
    const message = received as FromPrimary;
    if (message.key !== this.#key) return;
    if (message.sluice === 'listening') {
      this.#address = message.address;
      this.#started?.resolve();
    } else if (message.sluice === 'failed') {
      process.off('message', this.#onMessage);
      const cause = Object.assign(new Error(message.message), { code: message.code });
      this.#started?.reject(new ListenError(this.#title, formatTarget(this.#target), cause));
    } else {
      this.#take(message.seq, socket as Socket | undefined);
    }
  };

  #take(seq: number, socket: Socket | undefined): void {
    // Undefined where the peer has gone while the descriptor was on its way.
    const accepted = !this.#left || socket === undefined;
    tell({ sluice: 'taken', seq, accepted });
    if (socket === undefined) return;
    if (!accepted) {
      socket.destroy();
      return;
    }
    socket.allowHalfOpen = true;
    this.#accept(socket);
  }
}

function tell(message: FromWorker): void {
  if (process.connected) process.send!(message, undefined, undefined, () => undefined);
}
