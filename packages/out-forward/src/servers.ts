import type { Chunk } from '@sluice/forward-client';
import type { Service } from '@sluice/plugin';
import { Balancer } from './balancer.js';
import { ServerNode, type NodeSetting } from './server-node.js';

/** What happens at the servers. */
export interface ServersEvents {
  kept(chunk: Chunk): void;
  returned(chunks: Chunk[]): void;
  /** A chunk that waits may find a server now. */
  room(): void;
}

/** The servers of an output, which may change while it runs, and the choice among them. */
export class Servers {
  readonly #nodes = new Map<string, ServerNode>();
  /** Removed ones that still wait for acknowledgements. */
  readonly #leaving = new Set<ServerNode>();
  readonly #balancer = new Balancer<ServerNode>();
  /** What removed servers had counted. */
  #gone = { kept: 0, failures: 0 };
  #started = false;
  #beats = false;

  constructor(
    private readonly setting: NodeSetting,
    private readonly events: ServersEvents,
  ) {}

  /** In the order in which they were given. */
  get all(): ServerNode[] {
    return [...this.#nodes.values()];
  }

  /** Chunks that all servers have taken, and how often one was found to be down, since the start. */
  get counters(): { readonly kept: number; readonly failures: number } {
    let { kept, failures } = this.#gone;
    for (const node of [...this.#nodes.values(), ...this.#leaving]) {
      kept += node.kept;
      failures += node.health.failures;
    }
    return { kept, failures };
  }

  /**
   * Takes these servers from now on: new ones come, missing ones go when what is under way on them is
   * done, and those that stay keep their connections.
   */
  set(services: readonly Service[]): void {
    const { log } = this.setting;
    const wanted = new Map(services.map((service) => [identity(service), service]));
    for (const [key, node] of this.#nodes) {
      if (wanted.has(key)) continue;
      const { peer } = node.target;
      this.#nodes.delete(key);
      this.#leaving.add(node);
      log.info({ peer }, `server ${peer} is removed`);
      node.remove();
    }
    for (const [key, service] of wanted) {
      const node = this.#nodes.get(key);
      if (node === undefined) this.#add(key, service);
      else node.service = service;
    }
    if (this.#started && services.length === 0) {
      log.error({}, 'the service discovery knows no server now; events wait');
    }
    this.#balancer.rebuild(this.all);
    this.events.room();
  }

  /** Resolves the names, and where configured verifies the connections. @throws why it cannot start */
  async start(): Promise<void> {
    const { config } = this.setting;
    this.#started = true;
    await Promise.all(this.all.map((node) => this.#resolve(node)));
    if (config.verifyConnectionAtStartup) {
      await Promise.all(this.all.map((node) => node.verify()));
    }
    this.#beats = true;
    for (const node of this.all) node.health.start();
  }

  /** The server whose turn it is; where all are down, any that is due to be tried again. */
  next(now: number): ServerNode | undefined {
    if (!this.#balancer.empty) return this.#balancer.next(now, (node) => node.offer(now));
    return this.all.find((node) => node.weight > 0 && node.offer(now) === 'now');
  }

  /** When `next` may find one without an event; ms of `performance.now()`. */
  nextTry(now: number): number {
    const times = this.all.map(({ nextTry }) => nextTry).filter((at) => at > now);
    return Math.min(...times);
  }

  /** Without keepalive: closes connections that have nothing to do. */
  idle(): void {
    for (const node of this.#nodes.values()) node.idle();
  }

  /** Ends the connections when all is kept. */
  retire(): void {
    for (const node of this.#nodes.values()) node.retire();
  }

  /** Ends the connections at once. */
  close(error: Error): void {
    for (const node of [...this.#nodes.values(), ...this.#leaving]) node.close(error);
  }

  #add(key: string, service: Service): void {
    const node = new ServerNode(
      service,
      this.setting,
      {
        kept: (chunk) => this.events.kept(chunk),
        returned: (chunks) => this.events.returned(chunks),
        room: () => this.events.room(),
        changed: () => {
          this.#balancer.rebuild(this.all);
          this.events.room();
        },
        gone: () => {
          if (!this.#leaving.delete(node)) return;
          this.#gone.kept += node.kept;
          this.#gone.failures += node.health.failures;
        },
      },
      this.#started,
    );
    this.#nodes.set(key, node);
    this.#checkSecurity(service, node.target.peer);
    if (!this.#started) return;
    const { peer } = node.target;
    this.setting.log.info({ peer }, `server ${peer} is added`);
    if (this.#beats) node.health.start();
  }

  /** A `<server>` is checked when the configuration is read, what a discovery finds only here. */
  #checkSecurity({ sharedKey, username }: Service, peer: string): void {
    const { config, log } = this.setting;
    if (config.security !== undefined || (sharedKey ?? username) === undefined) return;
    log.warn({ peer }, `server ${peer} has a shared_key or a username, but <security> is missing`);
  }

  async #resolve(node: ServerNode): Promise<void> {
    try {
      await node.resolve();
    } catch (error) {
      if (!this.setting.config.ignoreNetworkErrorsAtStartup) throw error;
      node.health.fail(error as Error);
    }
  }
}

/** What makes a server another one; its weight, and whether it is a standby, may change. */
function identity(service: Service): string {
  const { host, port, name, username, password, sharedKey } = service;
  return JSON.stringify([host, port, name, username, password, sharedKey]);
}
