import type { RemoteInfo } from 'node:dgram';
import { formatPeer } from '../connection/format-peer.js';
import { ConnectionEventError } from '../errors.js';
import { plainAddress, type NameResolver } from '@sluice/socket-options';

/** What a peer of a UDP server needs of it. @internal */
export interface DatagramOwner {
  readonly title: string;
  readonly names: NameResolver | undefined;
  reply(data: Uint8Array | string, peer: DatagramPeer): void;
}

/** Where a datagram came from: Fluentd's `UDPCallbackSocket`. */
export class DatagramPeer {
  /** Tells a datagram from a connection. */
  readonly protocol = 'udp';
  /** Bytes of the datagram as it was sent, also where it was cut to `maxBytes`. */
  readonly size: number;
  /** @internal */
  readonly rawAddress: string;
  /** The sender's port. */
  readonly remotePort: number;
  readonly #owner: DatagramOwner;

  /** @internal */
  constructor(owner: DatagramOwner, source: RemoteInfo) {
    this.#owner = owner;
    this.size = source.size;
    this.rawAddress = source.address;
    this.remotePort = source.port;
  }

  /** The title of the server that received it. */
  get title(): string {
    return this.#owner.title;
  }

  /** The sender's address. */
  get remoteAddr(): string {
    return plainAddress(this.rawAddress);
  }

  /** The sender's name where `resolveName` is on and the lookup has answered, else its address. */
  get remoteHost(): string {
    return this.#owner.names?.cached(this.remoteAddr) ?? this.remoteAddr;
  }

  /** As `remoteHost`, but waits for the lookup. Never rejects. */
  resolveRemoteHost(): string | Promise<string> {
    return this.#owner.names?.resolve(this.remoteAddr) ?? this.remoteAddr;
  }

  /** `host:port` for log lines. */
  get peer(): string {
    return formatPeer(this.remoteAddr, this.remotePort);
  }

  /** Sends a datagram back. What goes wrong reaches the log. */
  write(data: Uint8Array | string): void {
    this.#owner.reply(data, this);
  }

  /** Always throws: UDP has no events, as in Fluentd. */
  on(event: string): never {
    throw new ConnectionEventError(
      `${event}: UDP has no events; the datagrams go to the callback of create`,
      event,
    );
  }
}

/** One datagram of a batch. */
export class Datagram extends DatagramPeer {
  /** What it holds, cut to `maxBytes`. Its own memory: it may be kept. */
  readonly data: Buffer;

  /** @internal */
  constructor(owner: DatagramOwner, source: RemoteInfo, data: Buffer) {
    super(owner, source);
    this.data = data;
  }
}

/** Gets each datagram; while a promise that it returns is pending the next ones wait. */
export type DatagramCallback = (data: Buffer, peer: DatagramPeer) => unknown;
/** Gets the datagrams of one turn of the event loop, oldest first. */
export type BatchCallback = (datagrams: readonly Datagram[]) => unknown;
