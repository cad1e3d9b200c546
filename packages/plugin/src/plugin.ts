import { createServerHelper, type Logger, type ServerHelper } from '@sluice/server';
import { systemClock, type Clock } from './clock.js';
import type { PluginContext } from './context.js';
import { logInFileNames } from './log-in-file-names.js';
import type { PluginStatistics } from './statistics.js';

/**
 * The life of a plugin, in Fluentd's order. Each phase is run for all plugins before the next one
 * begins; a plugin overrides what it needs.
 */
export interface Lifecycle {
  /** Open files, connect, listen. The plugin is ready when this has resolved. */
  start(): void | Promise<void>;
  /** Runs when all plugins have started. */
  afterStart(): void | Promise<void>;
  /** Take nothing new; what is in flight goes on. */
  stop(): void | Promise<void>;
  /** The last moment at which events can be emitted. */
  beforeShutdown(): void | Promise<void>;
  /** Finish what is in flight. */
  shutdown(): void | Promise<void>;
  /** Runs when all plugins have shut down; the last flush of an output. */
  afterShutdown(): void | Promise<void>;
  /** Close files and sockets. */
  close(): void | Promise<void>;
  /** Forget everything that memory holds. */
  terminate(): void | Promise<void>;
}

/** Names of the phases, in the order in which they run. */
export type Phase = keyof Lifecycle;

/** What every plugin has: a name, a log, a life, and the server helper when it asks for it. */
export abstract class Plugin implements Lifecycle {
  /** Fluentd: `@id`. */
  readonly id: string;
  /** Its log, already at the level of `@log_level`. Fluentd: `log`. */
  readonly log: Logger;
  /** Number of this worker process, from 0. Fluentd: `fluentd_worker_id`. */
  readonly workerId: number;
  /** How many worker processes serve this configuration. Fluentd: `system_config.workers`. */
  readonly workers: number;
  /** The time: a plugin that waits for something asks it, so that its test can move it on. */
  readonly clock: Clock;
  #servers: ServerHelper | undefined;

  constructor(context: PluginContext) {
    this.id = context.id;
    this.log = context.log;
    this.workerId = context.workerId ?? 0;
    this.workers = context.workers ?? 1;
    this.clock = context.clock ?? systemClock;
  }

  /**
   * The server helper, made when first asked for. Fluentd: `helpers :server`.
   *
   * Its servers stop, drain and close with the plugin: a plugin writes no shutdown code for them.
   */
  protected get servers(): ServerHelper {
    this.#servers ??= createServerHelper({ log: logInFileNames(this.log) });
    return this.#servers;
  }

  /** The server helper if this plugin has used it. @internal */
  get startedServers(): ServerHelper | undefined {
    return this.#servers;
  }

  /**
   * What it tells of itself to whoever watches. Fluentd: `statistics`, and the instance variables
   * that `in_monitor_agent` reads. Default: nothing.
   */
  statistics(): PluginStatistics {
    return {};
  }

  start(): void | Promise<void> {}
  afterStart(): void | Promise<void> {}
  stop(): void | Promise<void> {}
  beforeShutdown(): void | Promise<void> {}
  shutdown(): void | Promise<void> {}
  afterShutdown(): void | Promise<void> {}
  close(): void | Promise<void> {}
  terminate(): void | Promise<void> {}
}
