import { Link, targetOf, type Chunk, type LinkOptions, type Target } from '@sluice/forward-client';
import type { Logger } from '@sluice/server';
import type { ClientTls } from '@sluice/tls';
import type { Service } from '@sluice/plugin';
import type { Offer, Weighted } from './balancer.js';
import { Health } from './health.js';
import type { ForwardOutputConfig } from './section.js';

/** A server that is connecting is worth waiting for so many milliseconds; then others get its turn. */
const WORTH_WAITING = 1000;
/** Connections of one server that take nothing new and wait for acknowledgements, at most. */
const MOST_RETIRED = 4;

/** What happens at a server. */
export interface NodeEvents {
  kept(chunk: Chunk): void;
  returned(chunks: Chunk[]): void;
  /** It became available or unavailable. */
  changed(): void;
  /** It may take a chunk. */
  room(): void;
  /** It was removed, and nothing is under way on it any more. */
  gone(): void;
}

/** What all servers of an output have in common. */
export interface NodeSetting {
  readonly config: ForwardOutputConfig;
  readonly tls: ClientTls | undefined;
  readonly log: Logger;
}

/** One server: its connections, and what they and its heartbeats say about it. */
export class ServerNode implements Weighted {
  /** What it was made from; weight and standby may change. */
  service: Service;
  readonly target: Target;
  readonly health: Health;
  /** Chunks that it has taken. */
  kept = 0;
  readonly #linkOptions: LinkOptions;
  /** The connection that takes chunks. */
  #link: Link | undefined;
  /** Those that take nothing new. */
  readonly #retired = new Set<Link>();
  #removed = false;
  #closed = false;

  constructor(
    service: Service,
    private readonly setting: NodeSetting,
    private readonly events: NodeEvents,
    isNew: boolean,
  ) {
    const { config, tls, log } = setting;
    this.service = service;
    const { expireDnsCache, dnsRoundRobin } = config;
    this.target = targetOf({ ...service, tls, expireDnsCache, dnsRoundRobin });
    this.#linkOptions = linkOptions(service, this.target, config);
    const { peer } = this.target;
    const told = {
      down: (reason: string) => {
        log.warn({ peer, reason }, `server ${peer} is unavailable`);
        events.changed();
      },
      up: (reason: string) => {
        log.info({ peer, reason }, `server ${peer} is available again`);
        events.changed();
      },
    };
    this.health = new Health(this.target, config, told, isNew);
  }

  get weight(): number {
    return this.service.weight ?? 60;
  }

  get standby(): boolean {
    return this.service.standby ?? false;
  }

  get available(): boolean {
    return this.health.available;
  }

  share(now: number): number {
    return this.health.share(now);
  }

  /** Whether it takes a chunk; connects where it has no connection. */
  offer(now: number): Offer {
    if (this.#closed || this.#removed) return 'no';
    if (this.#link === undefined) {
      if (now < this.health.retryAt || this.#retired.size >= MOST_RETIRED) return 'no';
      this.#link = this.#open();
    }
    if (this.#link.hasRoom) return 'now';
    return this.#link.opening && now - this.#link.began < WORTH_WAITING ? 'soon' : 'no';
  }

  /** When {@link offer} may say something else without an event, in ms of `performance.now()`. */
  get nextTry(): number {
    if (this.#link === undefined) return this.health.retryAt;
    return this.#link.opening ? this.#link.began + WORTH_WAITING : Infinity;
  }

  /** Sends a chunk; only where `offer` said `now`. */
  send(chunk: Chunk): void {
    chunk.attempts += 1;
    this.#link!.send(chunk);
  }

  /** Without keepalive: closes a connection that has nothing to do. */
  idle(): void {
    this.#link?.idle();
  }

  /** Looks its name up. @throws the resolver's error */
  async resolve(): Promise<void> {
    await this.target.addresses.all();
  }

  /** Connects once and shakes hands. @throws why that does not work */
  verify(): Promise<void> {
    return new Promise((resolve, reject) => {
      const began = performance.now();
      const link = new Link(this.#linkOptions, {
        ready: () => {
          const { peer } = this.target;
          this.setting.log.debug({ peer, ms: performance.now() - began }, 'verified a server');
          resolve();
          link.retire();
        },
        kept: () => undefined,
        room: () => undefined,
        retired: () => undefined,
        closed: (_chunks, error) => {
          if (error !== undefined) reject(error);
        },
      });
    });
  }

  /** Takes nothing new; what is under way goes on, and then it is `gone`. */
  remove(): void {
    this.#removed = true;
    this.health.close();
    this.retire();
    this.#goneIfDone();
  }

  /** Ends the connections when all is kept. */
  retire(): void {
    this.#link?.retire();
  }

  /** Ends the connections at once. */
  close(error: Error): void {
    this.#closed = true;
    this.health.close();
    this.#link?.fail(error);
    for (const link of this.#retired) link.fail(error);
  }

  #open(): Link {
    const link = new Link(this.#linkOptions, {
      ready: () => {
        this.health.connected();
        this.events.room();
      },
      kept: (chunk) => {
        this.kept += 1;
        this.health.alive();
        this.events.kept(chunk);
      },
      room: () => this.events.room(),
      retired: () => {
        this.#forget(link);
        this.#retired.add(link);
        this.events.room();
      },
      closed: (chunks, error) => {
        this.#forget(link);
        this.#retired.delete(link);
        if (error !== undefined && !this.#closed && !this.#removed) this.health.fail(error);
        this.events.returned(chunks);
        this.#goneIfDone();
      },
    });
    return link;
  }

  #forget(link: Link): void {
    if (this.#link === link) this.#link = undefined;
  }

  #goneIfDone(): void {
    if (this.#removed && this.#link === undefined && this.#retired.size === 0) this.events.gone();
  }
}

function linkOptions(service: Service, target: Target, config: ForwardOutputConfig): LinkOptions {
  const { security } = config;
  const { username, password, sharedKey = security?.sharedKey } = service;
  return {
    target,
    handshake:
      security === undefined || sharedKey === undefined
        ? undefined
        : {
            selfHostname: security.selfHostname,
            sharedKey,
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
}
