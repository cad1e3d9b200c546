import type { Logger } from '@sluice/server';
import type { ClientTls } from '@sluice/tls';
import { Addresses } from './addresses.js';
import type { Weighted } from './balancer.js';
import type { Chunk } from './chunk.js';
import type { Target } from './connect.js';
import { FailureDetector } from './failure-detector.js';
import { transportHeartbeat, udpHeartbeat, type Heartbeat } from './heartbeat.js';
import { Link, type LinkOptions } from './link.js';
import type { ForwardOutputConfig, ForwardServerConfig } from './section.js';

const FIRST_RETRY = 100;
const LONGEST_RETRY = 5000;

export interface NodeEvents {
  kept(chunk: Chunk): void;
  returned(chunks: Chunk[]): void;
  /** It became available or unavailable. */
  changed(): void;
  room(): void;
}

/** One `<server>`: whether it is up, and the connection to it. */
export class ServerNode implements Weighted {
  readonly weight: number;
  readonly standby: boolean;
  readonly target: Target;
  available = true;
  /** Chunks that it has taken. */
  kept = 0;
  /** Chunks that came back from it. */
  returned = 0;
  /** How often it was found to be down. */
  failures = 0;
  lastError: Error | undefined;
  readonly #linkOptions: LinkOptions;
  readonly #detector: FailureDetector;
  readonly #heartbeat: Heartbeat | undefined;
  #link: Link | undefined;
  /** Since when it answers again without a gap. */
  #upSince: number | undefined;
  #downSince = 0;
  #retryAt = 0;
  #retryWait = FIRST_RETRY;
  #closed = false;

  constructor(
    server: ForwardServerConfig,
    private readonly config: ForwardOutputConfig,
    tls: ClientTls | undefined,
    private readonly log: Logger,
    private readonly events: NodeEvents,
  ) {
    const { host, port, name = host } = server;
    this.weight = server.weight;
    this.standby = server.standby;
    this.target = {
      host,
      port,
      name,
      peer: `${host}:${port}`,
      addresses: new Addresses(host, config.expireDnsCache, config.dnsRoundRobin),
      tls,
    };
    const { security } = config;
    const { username, password } = server;
    this.#linkOptions = {
      target: this.target,
      handshake: security && {
        selfHostname: security.selfHostname,
        sharedKey: server.sharedKey ?? security.sharedKey,
        ...(username !== undefined && { username }),
        ...(password !== undefined && { password }),
      },
      compress: config.compress,
      ack: config.requireAckResponse,
      keepalive: config.keepalive,
      keepaliveTimeout: (config.keepaliveTimeout ?? Infinity) * 1000,
      connectTimeout: (config.connectTimeout ?? config.hardTimeout) * 1000,
      sendTimeout: config.sendTimeout * 1000,
      ackTimeout: config.ackResponseTimeout * 1000,
      window: config.chunksInFlight,
    };
    this.#detector = new FailureDetector(config.heartbeatInterval * 1000, performance.now());
    const heard = {
      alive: () => this.#alive(),
      refused: (error: Error) => this.#refused(error),
    };
    if (config.heartbeatType === 'udp') this.#heartbeat = udpHeartbeat(this.target, heard);
    else if (config.heartbeatType !== 'none') {
      const timeout = Math.min(this.#linkOptions.connectTimeout, config.hardTimeout * 1000);
      this.#heartbeat = transportHeartbeat(this.target, timeout, heard);
    }
  }

  /** Whether it can take a chunk now; connects where it has no connection. */
  takes(now: number): boolean {
    if (this.#closed) return false;
    if (this.#link === undefined) {
      if (now < this.#retryAt) return false;
      this.#open();
    }
    return this.#link?.hasRoom === true;
  }

  /** When an unavailable server may be tried again, in milliseconds of `performance.now()`. */
  get retryAt(): number {
    return this.#link === undefined ? this.#retryAt : Infinity;
  }

  send(chunk: Chunk): void {
    chunk.attempts += 1;
    this.#link!.send(chunk);
  }

  /** A few times a second: time-outs, and the end of a wait. */
  check(now: number): void {
    this.#link?.check(now);
    const { config } = this;
    if (this.#heartbeat === undefined) {
      const waited = now - this.#downSince > config.recoverWait * 1000;
      if (!this.available && waited) this.#recover('recover_wait is over');
      return;
    }
    if (!this.available) return;
    const silence = this.#detector.silence(now);
    if (silence > config.hardTimeout * 1000) {
      this.#down(new Error(`no heartbeat for ${config.hardTimeout} s`));
    } else if (config.phiFailureDetector && this.#detector.phi(now) > config.phiThreshold) {
      this.#down(new Error(`no heartbeat for ${Math.round(silence / 1000)} s`));
    }
  }

  beat(): void {
    this.#heartbeat?.send();
  }

  /** Without keepalive: closes a connection that has nothing to do. */
  idle(): void {
    this.#link?.idle();
  }

  /** Connects once and shakes hands. @throws why that does not work */
  verify(): Promise<void> {
    return new Promise((resolve, reject) => {
      const began = performance.now();
      const timer = setInterval(() => link.check(performance.now()), 100);
      const link = new Link(this.#linkOptions, {
        ready: () => {
          resolve();
          link.retire();
        },
        kept: () => undefined,
        room: () => undefined,
        closed: (_chunks, error) => {
          clearInterval(timer);
          if (error !== undefined) reject(error);
          this.log.debug(
            { peer: this.target.peer, ms: performance.now() - began },
            'verified the connection',
          );
        },
      });
    });
  }

  /** Looks its name up. @throws the resolver's error */
  async resolve(): Promise<void> {
    await this.target.addresses.all();
  }

  /** Takes it for down before anything was sent, as where its name does not resolve. */
  disable(error: Error): void {
    this.#down(error);
  }

  close(error: Error): void {
    this.#closed = true;
    this.#heartbeat?.close();
    this.#link?.fail(error);
  }

  /** Ends the connection when all is kept. */
  retire(): void {
    this.#link?.retire();
  }

  #open(): void {
    this.#link = new Link(this.#linkOptions, {
      ready: () => {
        this.#retryWait = FIRST_RETRY;
        if (!this.available) this.#recover('it takes connections again');
        this.events.room();
      },
      kept: (chunk) => {
        this.kept += 1;
        this.#detector.add(performance.now()); // as good as a heartbeat
        this.events.kept(chunk);
      },
      room: () => this.events.room(),
      closed: (chunks, error) => {
        this.#link = undefined;
        this.returned += chunks.length;
        if (error !== undefined && !this.#closed) this.#down(error);
        this.events.returned(chunks);
      },
    });
  }

  #down(error: Error): void {
    const now = performance.now();
    this.lastError = error;
    this.#upSince = undefined;
    this.#downSince = now;
    this.#retryAt = now + this.#retryWait;
    this.#retryWait = Math.min(this.#retryWait * 2, LONGEST_RETRY);
    if (!this.available) return;
    this.available = false;
    this.failures += 1;
    const { peer } = this.target;
    this.log.warn({ peer, reason: error.message }, `server ${peer} is unavailable`);
    this.events.changed();
  }

  #recover(why: string): void {
    this.available = true;
    this.#retryAt = 0;
    this.#detector.clear(performance.now());
    const { peer } = this.target;
    this.log.info({ peer, reason: why }, `server ${peer} is available again`);
    this.events.changed();
  }

  #alive(): void {
    const now = performance.now();
    this.#detector.add(now);
    if (this.available || this.#closed) return;
    this.#upSince ??= now;
    if (now - this.#upSince >= this.config.recoverWait * 1000) this.#recover('it answers again');
  }

  /** A server that refuses a heartbeat is down; whether one is only late, the detector decides. */
  #refused(error: Error): void {
    if (this.#closed) return;
    this.#upSince = undefined;
    const { code } = error as NodeJS.ErrnoException;
    if (this.available && code === 'ECONNREFUSED') this.#down(error);
  }
}
