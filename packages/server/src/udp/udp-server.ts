import { createSocket, type RemoteInfo, type Socket, type SocketOptions } from 'node:dgram';
import cluster from 'node:cluster';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { isIPv6 } from 'node:net';
import { lookup } from 'node:dns/promises';
import {
  Datagram,
  DatagramPeer,
  type BatchCallback,
  type DatagramCallback,
  type DatagramOwner,
} from './datagram.js';
import { channels } from '../diagnostics.js';
import { DatagramQueue } from './datagram-queue.js';
import { asError, ListenError } from '../errors.js';
import { formatTarget, type ListenTarget } from '../listen/listen.js';
import type { Logger } from '../logger.js';
import type { NameResolver } from '@sluice/socket-options';
import { Reporter } from '../reporter.js';
import type { SocketSettings } from '../accept/socket-settings.js';
import { count, newStatistics, snapshot, type ServerStatistics } from '../statistics.js';

/** The checked settings of one UDP server. @internal */
export interface UdpSettings {
  title: string;
  log: Logger;
  target: ListenTarget;
  socket: SocketSettings;
  /** The caller's own socket. */
  given: Socket | undefined;
  names: NameResolver | undefined;
  maxBytes: number;
  oversize: 'truncate' | 'drop';
  maxQueuedBytes: number;
  /** The most datagrams per callback; undefined for one at a time. */
  batch: number | undefined;
  onData: DatagramCallback | BatchCallback;
}

/** Receives datagrams and sends replies. @internal */
export class UdpServer implements DatagramOwner {
  readonly title: string;
  readonly names: NameResolver | undefined;
  readonly #settings: UdpSettings;
  readonly #log: Logger;
  readonly #reporter: Reporter;
  readonly #statistics: ServerStatistics;
  readonly #queue: DatagramQueue;
  readonly #onMessage: (message: Buffer, source: RemoteInfo) => void;
  readonly #onError = (error: Error): void => {
    this.#log.error({ title: this.title, err: error }, 'the UDP socket failed');
  };
  #socket: Socket | undefined;
  #bound: AddressInfo | null = null;
  #open = false;
  #stopped: Promise<void> | undefined;

  constructor(settings: UdpSettings) {
    this.title = settings.title;
    this.names = settings.names;
    this.#settings = settings;
    this.#log = settings.log;
    this.#reporter = new Reporter(settings.log, settings.title);
    this.#statistics = newStatistics(settings.title, 'udp');
    this.#queue = new DatagramQueue(settings.onData, {
      batch: settings.batch,
      maxBytes: settings.maxQueuedBytes,
      dropped: (peer) => this.#drop('queue-full', peer),
      failed: (error, peer) => this.#failed(error, peer),
    });
    this.#onMessage = this.#messageListener();
  }

  async listen(): Promise<void> {
    const { given, target } = this.#settings;
    try {
      const socket = given ?? (await this.#makeSocket());
      await bound(socket, given, target);
      this.#socket = socket;
      this.#settings.socket.apply(socket);
      if (this.#settings.socket.connected) await once(socket, 'connect'); // rejects on 'error'
    } catch (thrown) {
      if (given === undefined) closeQuietly(this.#socket);
      throw new ListenError(this.title, formatTarget(target), asError(thrown));
    }
    this.#open = true;
    this.#bound = this.#socket.address();
    this.#socket.on('error', this.#onError);
    this.#socket.on('message', this.#onMessage);
    if (channels.listening.hasSubscribers) {
      channels.listening.publish({ title: this.title, protocol: 'udp', address: this.#bound });
    }
  }

  address(): AddressInfo | null {
    return this.#open ? this.#bound : null;
  }

  statistics(): ServerStatistics {
    return snapshot(this.#statistics);
  }

  /** Receives no more; the datagrams that wait are still given to the callback. */
  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop());
  }

  async close(seconds: number): Promise<void> {
    await this.stop();
    const left = await this.#queue.drained(seconds * 1000);
    if (left > 0) this.#log.warn({ title: this.title, left }, 'datagrams dropped at shutdown');
    this.#closeSocket();
  }

  reply(data: Uint8Array | string, peer: DatagramPeer): void {
    if (!this.#open) {
      this.#log.debug({ title: this.title, peer: peer.peer }, 'reply after the end is not sent');
      return;
    }
    const sent = (error: Error | null, bytes: number): void => {
      if (error === null) {
        this.#statistics.datagramsOut += 1;
        this.#statistics.bytesOut += bytes;
        return;
      }
      const reason = (error as NodeJS.ErrnoException).code ?? error.message;
      this.#log.warn({ title: this.title, peer: peer.peer, reason, err: error }, 'reply not sent');
    };
    if (this.#settings.socket.connected) this.#socket!.send(data, sent);
    else this.#socket!.send(data, peer.remotePort, peer.rawAddress, sent);
  }

  /** One listener made for the options, so that a datagram meets only the checks it needs. */
  #messageListener(): (message: Buffer, source: RemoteInfo) => void {
    const { maxBytes, oversize, batch, onData } = this.#settings;
    const statistics = this.#statistics;
    const queue = this.#queue;
    return (message, source) => {
      statistics.datagramsIn += 1;
      statistics.bytesIn += message.length;
      let data = message;
      if (message.length > maxBytes) {
        if (oversize === 'drop') {
          this.#drop('oversize', new DatagramPeer(this, source));
          return;
        }
        statistics.datagramsTruncated += 1;
        data = message.subarray(0, maxBytes);
      }
      void this.names?.resolve(source.address);
      if (batch !== undefined) {
        queue.collect(new Datagram(this, source, data));
      } else if (queue.idle) {
        const peer = new DatagramPeer(this, source);
        try {
          const result = (onData as DatagramCallback)(data, peer);
          if (result !== undefined) queue.waitFor(result, peer);
        } catch (error) {
          this.#failed(asError(error), peer);
        }
      } else {
        queue.add(new Datagram(this, source, data));
      }
    };
  }

  #drop(reason: string, peer: DatagramPeer): void {
    count(this.#statistics.datagramsDropped, reason);
    this.#reporter.warn(channels.dropped, 'datagram dropped', peer.peer, reason, {
      size: peer.size,
    });
  }

  #failed(error: Error, peer: DatagramPeer | undefined): void {
    count(this.#statistics.aborted, 'callback');
    this.#reporter.warn(
      channels.aborted,
      'datagram callback failed',
      peer?.peer ?? '',
      'callback',
      {
        err: error,
      },
    );
  }

  async #makeSocket(): Promise<Socket> {
    const { target } = this.#settings;
    const { address } = await lookup(target.host);
    target.host = address;
    const options: SocketOptions & { reusePort?: boolean } = {
      type: isIPv6(address) ? 'udp6' : 'udp4',
      ipv6Only: target.ipv6Only,
    };
    if (target.reusePort) options.reusePort = true;
    this.#socket = createSocket(options);
    return this.#socket;
  }

  async #stop(): Promise<void> {
    this.#socket?.off('message', this.#onMessage);
    if (channels.stopped.hasSubscribers) channels.stopped.publish({ title: this.title });
    // Nobody may find an open port where nobody reads, and in a cluster a reader that has stopped
    // would take datagrams from the other workers; but a reply that is still due needs the socket.
    if (this.#queue.idle || (cluster.isWorker && this.#settings.given === undefined)) {
      this.#closeSocket();
    }
    return Promise.resolve();
  }

  #closeSocket(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#socket!.off('message', this.#onMessage);
    this.#socket!.off('error', this.#onError);
    if (this.#settings.given === undefined) closeQuietly(this.#socket);
  }
}

function bound(socket: Socket, given: Socket | undefined, target: ListenTarget): Promise<void> {
  if (given !== undefined && isBound(given)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      socket.off('listening', done);
      reject(error);
    };
    const done = (): void => {
      socket.off('error', failed);
      resolve();
    };
    socket.once('error', failed);
    socket.once('listening', done);
    const { fd, port, exclusive, host } = target;
    try {
      socket.bind(fd === undefined ? { port, address: host, exclusive } : { fd, exclusive });
    } catch (error) {
      // A given socket that is being bound just now tells when it is.
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SOCKET_ALREADY_BOUND')
        failed(asError(error));
    }
  });
}

function isBound(socket: Socket): boolean {
  try {
    socket.address();
    return true;
  } catch {
    return false;
  }
}

function closeQuietly(socket: Socket | undefined): void {
  try {
    socket?.close();
  } catch {
    // Closed already: by an error while binding.
  }
}
