import { ServerHandshake, type ForwardSecurity } from '@sluice/forward-protocol';
import type { Connection } from '@sluice/server';

/** What a {@link Handshake} tells. */
export interface HandshakeListener {
  /** The peer has shown its key; `rest` came after it. */
  done(
    peer: { hostname: string; username: string | undefined },
    rest: Buffer,
  ): void | Promise<void>;
  /** It has not, and has been told so where it can be. */
  refused(
    reason: string,
    peer?: { hostname?: string | undefined; username?: string | undefined },
  ): void;
  /** It has said nothing in time. */
  timedOut(reason: string): void;
}

/** HELO, PING and PONG with one peer, in bounded time. */
export class Handshake {
  readonly #handshake: ServerHandshake;
  readonly #timer: NodeJS.Timeout;

  constructor(
    readonly connection: Connection,
    security: ForwardSecurity,
    config: { handshakeTimeout: number; denyKeepalive: boolean },
    readonly listener: HandshakeListener,
  ) {
    const { handshakeTimeout, denyKeepalive } = config;
    this.#handshake = new ServerHandshake(security, {
      address: connection.protocol === 'unix' ? 'unix' : connection.remoteAddr,
      keepalive: !denyKeepalive,
    });
    connection.write(this.#handshake.helo());
    this.#timer = setTimeout(() => {
      listener.timedOut(`no PING within ${handshakeTimeout} seconds`);
    }, handshakeTimeout * 1000);
    this.#timer.unref();
  }

  push(data: Buffer): void | Promise<void> {
    const { connection, listener } = this;
    let result;
    try {
      result = this.#handshake.push(data);
    } catch (error) {
      this.close();
      listener.refused((error as Error).message);
      return;
    }
    if (result === undefined) return;
    this.close();
    connection.write(result.reply);
    const { hostname, username } = result;
    if (!result.ok) listener.refused(result.reason, { hostname, username });
    else return listener.done({ hostname: result.hostname, username }, result.rest);
  }

  /** Waits no longer. */
  close(): void {
    clearTimeout(this.#timer);
  }
}
