import { shareListeners, type SharedListeners } from '@sluice/server/sharing';
import { shareTicketKeys } from '@sluice/tls/sharing';
import { createLog, type RootLog } from '@sluice/log';
import type { RunningAgent } from '../run-agent.js';
import { Fleet } from './fleet.js';
import type { AgentSettings } from './messages.js';
import type { LogOptions } from '@sluice/log';

/** What {@link AgentWorkers} runs. */
export interface AgentWorkersOptions {
  /** The configuration file. */
  readonly config: string;
  readonly workers: number;
  /** Modules of plugins, by path or package. */
  readonly plugins: readonly string[];
  readonly log: LogOptions | undefined;
}

/** Worker processes under a program's own process. */
export class AgentWorkers implements RunningAgent {
  readonly #settings: AgentSettings;
  readonly #log: RootLog;
  readonly #sharing: SharedListeners = shareListeners();
  readonly #stopSharingKeys = shareTicketKeys();
  readonly #retired = new Set<Promise<string[]>>();
  #fleet: Fleet;
  #stopped: Promise<boolean> | undefined;
  #reloading: Promise<void> = Promise.resolve();

  private constructor({ config, workers, plugins, log = {} }: AgentWorkersOptions) {
    const { level, format } = log;
    this.#log = createLog(log);
    this.#settings = {
      config,
      workers,
      plugins,
      log: { ...(level && { level }), ...(format && { format }) },
    };
    this.#fleet = new Fleet(this.#settings, this.#log);
  }

  static async start(options: AgentWorkersOptions): Promise<AgentWorkers> {
    const agent = new AgentWorkers(options);
    try {
      await agent.#fleet.start();
    } catch (error) {
      agent.#stopSharing();
      throw error;
    }
    return agent;
  }

  reload(): Promise<void> {
    const reloaded = this.#reloading.catch(() => undefined).then(() => this.#reload());
    this.#reloading = reloaded;
    return reloaded;
  }

  flush(): Promise<void> {
    for (const process of this.#fleet.processes) process.flush();
    return Promise.resolve();
  }

  stop(): Promise<boolean> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #reload(): Promise<void> {
    if (this.#stopped !== undefined) throw new Error('the agent has been stopped');
    const next = new Fleet(this.#settings, this.#log);
    await next.start();
    const ended = this.#fleet.stop();
    this.#fleet = next;
    this.#retired.add(ended);
    void ended.then(() => {
      this.#retired.delete(ended);
      this.#log.info({}, 'the workers of the old configuration have ended');
    });
  }

  async #stop(): Promise<boolean> {
    await this.#reloading.catch(() => undefined);
    const failures = await Promise.all([this.#fleet.stop(), ...this.#retired]);
    this.#stopSharing();
    return failures.flat().length === 0;
  }

  #stopSharing(): void {
    this.#sharing.close();
    this.#stopSharingKeys();
  }
}
