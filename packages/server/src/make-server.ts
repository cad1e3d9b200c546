import { NameResolver } from '@sluice/socket-options';
import { createServerContext } from '@sluice/tls';
import { SocketSettings } from './accept/socket-settings.js';
import { StreamServer } from './accept/stream-server.js';
import type { ConnectionListener, DataCallback } from './connection/connection.js';
import { checkLimits } from './limits/limits.js';
import type { Logger } from './logger.js';
import type { RunningServer } from './managed-server.js';
import type { CheckedCall } from './options/validate.js';
import type { BatchCallback, DatagramCallback } from './udp/datagram.js';
import { UdpServer } from './udp/udp-server.js';

/** Exactly one of the two is there. @internal */
export interface StreamCallbacks {
  onData?: DataCallback;
  onConnection?: ConnectionListener;
}

/** Makes the servers of one helper from checked calls. @internal */
export class ServerFactory {
  readonly #log: Logger;
  /** Shared, so that a peer of several servers is looked up once. */
  #names: NameResolver | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Checks what is left to check at once; what takes time is in the function that it returns. */
  stream(
    call: CheckedCall,
    { onData, onConnection }: StreamCallbacks,
  ): () => Promise<RunningServer> {
    const { title, protocol, own, target } = call;
    if (protocol === 'udp') throw new TypeError('not a stream');
    const log = this.#log;
    const limits = checkLimits(own);
    const socket = new SocketSettings(title, call.socket, log);
    return async () =>
      new StreamServer({
        title,
        protocol,
        log,
        target,
        limits,
        socket,
        tls:
          protocol === 'tls' ? await createServerContext({ title, log, ...call.tls }) : undefined,
        names: this.#namesFor(call),
        reuseReadBuffers: call.own.reuseReadBuffers === true,
        onData,
        onConnection,
      });
  }

  udp(call: CheckedCall, onData: DatagramCallback | BatchCallback): RunningServer {
    const { title, own, target, socket, given } = call;
    const log = this.#log;
    return new UdpServer({
      title,
      log,
      target,
      socket: new SocketSettings(title, socket, log),
      given,
      names: this.#namesFor(call),
      maxBytes: own.maxBytes!,
      oversize: own.oversize ?? 'truncate',
      maxQueuedBytes: own.maxQueuedBytes ?? 4 * 1024 * 1024,
      batch: own.batch,
      onData,
    });
  }

  #namesFor(call: CheckedCall): NameResolver | undefined {
    return call.socket.resolveName === true ? (this.#names ??= new NameResolver()) : undefined;
  }
}
