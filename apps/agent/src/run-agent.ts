import { loadConfig, parseConfig } from '@sluice/config';
import type { PluginDefinition, Router } from '@sluice/plugin';
import { loadPlugins } from './load-plugins.js';
import { createLog, type LogOptions, type RootLog } from '@sluice/log';
import { buildPipeline } from './pipeline/build-pipeline.js';
import type { Pipeline } from './pipeline/pipeline.js';
import { readSystem } from './processes/system-settings.js';

/** What {@link runAgent} runs. */
export interface RunAgentOptions {
  /** The path of a Fluentd configuration file, or the text of one. */
  readonly config:
    | string
    | {
        /** What such a file would hold. */
        readonly text: string;
      };
  /**
   * Plugins beside those that are shipped and those that the configuration names by package or path:
   * what `defineOutput` and its like return, or a module by path or package. Default: none.
   *
   * With `workers` only modules, since a definition cannot be handed to another process.
   */
  readonly plugins?: readonly (string | PluginDefinition)[];
  /**
   * How many worker processes share the work, each of which restarts when it crashes. Default: none,
   * the agent runs in this process.
   */
  readonly workers?: number;
  /** Level, format and target of the log. Default: text on standard error, from `info` on. */
  readonly log?: LogOptions;
}

/** An agent that runs. */
export interface RunningAgent {
  /**
   * Reads the configuration again, and runs it in place of the old one.
   *
   * In this process the old one stops before the new one starts, since both may want the same port.
   * All files of a plugin are imported anew, also those that it imports by a relative path; packages
   * that it imports, and CommonJS files that an ES module imports, are not: Node keeps a module for as
   * long as its process lives.
   *
   * With worker processes the new ones listen beside the old ones, no connection is refused, and all
   * plugins are loaded anew.
   *
   * @throws what is wrong with the new configuration; the old one then runs on
   */
  reload(): Promise<void>;
  /** Has every output write out what it holds back. Fluentd: SIGUSR1. */
  flush(): Promise<void>;
  /**
   * Stops: nothing new is taken, what is in flight is written and acknowledged.
   *
   * @returns false where a plugin failed on the way; the log has what and why
   */
  stop(): Promise<boolean>;
}

/** A server that an agent in this process listens with. */
export interface AgentServer {
  /** The id of the plugin that it is of. */
  readonly plugin: string;
  /** Its name in the log. */
  readonly title: string;
  /** `tcp`, `tls`, `udp` or `unix`. */
  readonly protocol: string;
  /** Host and port, or the path of a Unix socket. */
  readonly address:
    | {
        /** IP address; `::` and `0.0.0.0` are all of the machine. */
        readonly address: string;
        /** As the system has given it where 0 was asked for. */
        readonly port: number;
      }
    | string
    | null;
}

/** An agent that runs in this process. */
export interface EmbeddedAgent extends RunningAgent {
  /** Takes events as if an input at the top level had received them. */
  readonly router: Router;
  /** What it listens with. */
  servers(): AgentServer[];
}

/**
 * Runs an agent from a program, until its `stop` is called. Signals are left to the program.
 *
 * @returns resolves when every plugin has started
 * @throws ConfigError for a wrong configuration, PluginLoadError for a plugin that cannot be loaded,
 *   and with `workers` WorkerStartError with the same text
 */
export function runAgent(
  options: RunAgentOptions & { readonly workers?: undefined },
): Promise<EmbeddedAgent>;
export function runAgent(options: RunAgentOptions): Promise<RunningAgent>;
export async function runAgent(options: RunAgentOptions): Promise<RunningAgent> {
  if (options.workers === undefined) return AgentInProcess.start(options);
  const { workers, config, plugins = [], log } = options;
  if (!Number.isInteger(workers) || workers < 1 || workers > 256) {
    throw new RangeError(`workers: expected a whole number from 1 to 256, not ${workers}`);
  }
  if (typeof config !== 'string') {
    throw new TypeError('config: worker processes read a file, so expected its path, not a text');
  }
  const modules = plugins.filter((plugin) => typeof plugin === 'string');
  if (modules.length < plugins.length) {
    throw new TypeError('plugins: worker processes import modules, so expected paths or packages');
  }
  const { AgentWorkers } = await import('./processes/agent-workers.js');
  return AgentWorkers.start({ config, workers, plugins: modules, log });
}

/** One pipeline after the other, in this process. */
class AgentInProcess implements EmbeddedAgent {
  readonly router: Router = { emit: (tag, stream) => this.#pipeline.routes.emit(tag, stream) };
  readonly #options: RunAgentOptions;
  readonly #log: RootLog;
  /** Makes the running pipeline anew. */
  #build: () => Pipeline;
  #pipeline: Pipeline;
  #stopped: Promise<boolean> | undefined;
  #reloading: Promise<void> = Promise.resolve();

  private constructor(options: RunAgentOptions, log: RootLog, build: () => Pipeline) {
    this.#options = options;
    this.#log = log;
    this.#build = build;
    this.#pipeline = build();
  }

  static async start(options: RunAgentOptions): Promise<AgentInProcess> {
    const log = createLog(options.log);
    const agent = new AgentInProcess(options, log, await prepare(options, log, false));
    await agent.#pipeline.start();
    return agent;
  }

  servers(): AgentServer[] {
    return this.#pipeline.inputs.flatMap(({ id, startedServers }) =>
      (startedServers?.servers ?? []).map((server) => ({
        plugin: id,
        title: server.title,
        protocol: server.protocol,
        address: server.address(),
      })),
    );
  }

  reload(): Promise<void> {
    const reloaded = this.#reloading.catch(() => undefined).then(() => this.#reload());
    this.#reloading = reloaded;
    return reloaded;
  }

  async flush(): Promise<void> {
    await this.#pipeline.flush();
  }

  stop(): Promise<boolean> {
    this.#stopped ??= this.#reloading
      .catch(() => undefined)
      .then(() => this.#pipeline.stop())
      .then((errors) => errors.length === 0);
    return this.#stopped;
  }

  async #reload(): Promise<void> {
    if (this.#stopped !== undefined) throw new Error('the agent has been stopped');
    const build = await prepare(this.#options, this.#log, true);
    const next = build();
    await this.#pipeline.stop();
    try {
      await next.start();
    } catch (error) {
      this.#pipeline = this.#build();
      await this.#pipeline.start();
      throw error;
    }
    this.#pipeline = next;
    this.#build = build;
  }
}

/**
 * Reads a configuration and loads its plugins.
 *
 * @param reload whether the files of plugins are imported anew
 * @returns makes a pipeline of it
 */
async function prepare(
  options: RunAgentOptions,
  log: RootLog,
  reload: boolean,
): Promise<() => Pipeline> {
  const { config, plugins } = options;
  const file = typeof config === 'string' ? config : undefined;
  const root =
    typeof config === 'string'
      ? await loadConfig(config, { log, workerId: 0 })
      : parseConfig(config.text, { path: 'config', log, workerId: 0 });
  const system = readSystem(root, log);
  if (system.workers > 1)
    log.warn({ workers: system.workers }, 'in this process there is one worker');
  log.change({ ...system.log, ...options.log });
  const registry = await loadPlugins({ config: file, plugins, reload }, root);
  return () => {
    const pipeline = buildPipeline(root, { registry, ...system, log, workerId: 0, workers: 1 });
    pipeline.listenTo(log);
    return pipeline;
  };
}
