/** What decides about a server's share. */
export interface Weighted {
  readonly weight: number;
  readonly standby: boolean;
  readonly available: boolean;
}

/**
 * The order in which servers get chunks: each comes as often as its weight says, well mixed. While
 * servers are unavailable, standbys stand in until they make up for the lost weight. Fluentd:
 * `LoadBalancer`.
 */
export class Balancer<Server extends Weighted> {
  #order: Server[] = [];
  #turn = 0;

  constructor(private readonly servers: readonly Server[]) {
    this.rebuild();
  }

  /** To be called when a server became available or unavailable. */
  rebuild(): void {
    const regular = this.servers.filter(({ standby }) => !standby);
    const used = regular.filter(({ available }) => available);
    let lost = 0;
    for (const server of regular) if (!server.available) lost += server.weight;
    for (const server of this.servers) {
      if (lost <= 0) break;
      if (!server.standby || !server.available) continue;
      used.push(server);
      lost -= server.weight;
    }
    this.#order = mixed(used.filter(({ weight }) => weight > 0));
    this.#turn = 0;
  }

  /** Whether there is any available server. */
  get empty(): boolean {
    return this.#order.length === 0;
  }

  /** The first server in turn that `suits`; undefined where none does. */
  next(suits: (server: Server) => boolean): Server | undefined {
    const order = this.#order;
    const refused = new Set<Server>();
    for (let i = 0; i < order.length; i++) {
      const server = order[(this.#turn + i) % order.length];
      if (refused.has(server)) continue;
      if (suits(server)) {
        this.#turn = (this.#turn + i + 1) % order.length;
        return server;
      }
      refused.add(server);
    }
    return undefined;
  }
}

/** Spreads each server evenly over a round; smooth weighted round robin. */
function mixed<Server extends Weighted>(servers: readonly Server[]): Server[] {
  const divisor = servers.reduce((all, { weight }) => gcd(all, weight), 0);
  const total = servers.reduce((sum, { weight }) => sum + weight, 0) / (divisor || 1);
  const credit = servers.map(() => 0);
  const order: Server[] = [];
  // Weights without a common divisor could make the round very long; a thousand places do.
  while (order.length < Math.min(total, 1000)) {
    let best = 0;
    for (const [i, { weight }] of servers.entries()) {
      credit[i] += weight;
      if (credit[i] > credit[best]) best = i;
    }
    credit[best] -= total * divisor;
    order.push(servers[best]);
  }
  return order;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
