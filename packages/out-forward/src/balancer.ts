/** What decides about a server's share. */
export interface Weighted {
  readonly weight: number;
  readonly standby: boolean;
  readonly available: boolean;
  /**
   * What is there of its weight now, from 0 to 1: less than 1 while it starts slowly.
   *
   * @param now milliseconds of `performance.now()`
   */
  share(now: number): number;
}

/** Whether a server takes a chunk: now, in a moment (it is worth waiting for), or not. */
export type Offer = 'now' | 'soon' | 'no';

/** A server that could not take its turns catches up on so many rounds of them. */
const MOST_ROUNDS = 1;

/**
 * Whose turn it is: each server comes as often as its weight says, well mixed (smooth weighted round
 * robin). A server that could not take its turn keeps its claim. While servers are unavailable,
 * standbys stand in until they make up for the lost weight. Fluentd: `LoadBalancer`.
 */
export class Balancer<Server extends Weighted> {
  #used: Server[] = [];
  /** By server: how much it has got too little, in weight. */
  #claims = new Map<Server, number>();

  /** @param random where among its turns a server begins, from 0 to 1 */
  constructor(private readonly random: () => number = Math.random) {}

  /** To be called when servers came, went, or became available or unavailable. */
  rebuild(servers: readonly Server[]): void {
    const regular = servers.filter(({ standby }) => !standby);
    const used = regular.filter(({ available }) => available);
    let lost = 0;
    for (const server of regular) if (!server.available) lost += server.weight;
    for (const server of servers) {
      if (lost <= 0) break;
      if (!server.standby || !server.available) continue;
      used.push(server);
      lost -= server.weight;
    }
    this.#used = used.filter(({ weight }) => weight > 0);
    // Somewhere between two turns: not all clients should begin with the same server, nor turn to one
    // that comes back at once.
    const total = this.#used.reduce((sum, { weight }) => sum + weight, 0);
    const begin = ({ weight }: Server): number => (weight - total) * this.random();
    this.#claims = new Map(
      this.#used.map((server) => [server, this.#claims.get(server) ?? begin(server)]),
    );
  }

  /** Whether no server is to be used. */
  get empty(): boolean {
    return this.#used.length === 0;
  }

  /**
   * The server that gets the next chunk.
   *
   * @param now milliseconds of `performance.now()`
   * @param offerOf asked of each server, the one whose turn it is first, until one takes the chunk
   * @returns undefined where none takes it now
   */
  next(now: number, offerOf: (server: Server) => Offer): Server | undefined {
    let total = 0;
    const turns = this.#used.map((server) => {
      const weight = server.weight * server.share(now);
      total += weight;
      return { server, claim: this.#claims.get(server)! + weight };
    });
    turns.sort((a, b) => b.claim - a.claim);
    for (const { server } of turns) {
      const offer = offerOf(server);
      if (offer === 'soon') return undefined;
      if (offer === 'no') continue;
      for (const turn of turns) {
        const claim = turn.server === server ? turn.claim - total : turn.claim;
        this.#claims.set(turn.server, Math.min(claim, total * MOST_ROUNDS));
      }
      return server;
    }
    return undefined;
  }
}
