import type { Clock, RemoteServerStatistics, Service } from '@sluice/plugin';

interface Server {
  service: Service;
  /** How much it is ahead of, or behind, its share. */
  credit: number;
  /** It is left out until then; ms. */
  downUntil: number;
  kept: number;
  failures: number;
  reason: string | undefined;
}

/** A server that a request goes to. */
export interface Turn {
  readonly service: Service;
  /** It took a chunk. */
  succeeded(): void;
  /** It could not be reached, or was busy. */
  failed(reason: string): void;
}

/** The servers that a service discovery has found, in turn by weight. */
export class Servers {
  readonly #servers = new Map<string, Server>();
  readonly #clock: Clock;
  readonly #recoverWait: number;

  /** @param recoverWait milliseconds for which one that has failed is left out */
  constructor(clock: Clock, recoverWait: number) {
    this.#clock = clock;
    this.#recoverWait = recoverWait;
  }

  /** Takes these servers from now on; those that stay keep what is known of them. */
  set(services: readonly Service[]): void {
    const wanted = new Map(services.map((service) => [keyOf(service), service]));
    for (const key of this.#servers.keys()) if (!wanted.has(key)) this.#servers.delete(key);
    for (const [key, service] of wanted) {
      const server = this.#servers.get(key);
      if (server !== undefined) server.service = service;
      else {
        const fresh = { credit: 0, downUntil: 0, kept: 0, failures: 0, reason: undefined };
        this.#servers.set(key, { service, ...fresh });
      }
    }
  }

  /** The name of a server in its certificate. */
  nameOf(host: string, port: number): string | undefined {
    return this.#servers.get(keyOf({ host, port }))?.service.name;
  }

  /** Whose turn it is. Standbys stand in while no other is up; where all are down, all are tried. */
  next(): Turn | undefined {
    const now = this.#clock.now();
    const usable = [...this.#servers.values()].filter(({ service }) => weightOf(service) > 0);
    const up = usable.filter(({ downUntil }) => downUntil <= now);
    const regular = up.filter(({ service }) => service.standby !== true);
    const choice = regular.length > 0 ? regular : up.length > 0 ? up : usable;
    let next = choice.at(0);
    if (next === undefined) return undefined;
    let total = 0;
    for (const server of choice) {
      const weight = weightOf(server.service);
      total += weight;
      server.credit += weight;
      if (server.credit > next.credit) next = server;
    }
    next.credit -= total;
    return this.#turn(next);
  }

  statistics(): RemoteServerStatistics[] {
    const now = this.#clock.now();
    return [...this.#servers.values()].map(({ service, downUntil, kept, failures, reason }) => ({
      name: service.name ?? service.host,
      address: keyOf(service),
      available: downUntil <= now,
      weight: weightOf(service),
      standby: service.standby === true,
      kept,
      failures,
      ...(reason !== undefined && { reason }),
    }));
  }

  #turn(server: Server): Turn {
    return {
      service: server.service,
      succeeded: () => {
        server.kept += 1;
        server.downUntil = 0;
        server.reason = undefined;
      },
      failed: (reason) => {
        server.failures += 1;
        server.downUntil = this.#clock.now() + this.#recoverWait;
        server.reason = reason;
      },
    };
  }
}

function weightOf({ weight = 60 }: Service): number {
  return weight;
}

function keyOf({ host, port }: Pick<Service, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
