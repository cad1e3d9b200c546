import { ConfigError } from '@sluice/config';
import {
  LifecycleError,
  startPlugins,
  statisticsOf,
  stopPlugins,
  type Clock,
  type Filter,
  type Input,
  type Output,
  type Plugin,
} from '@sluice/plugin';
import {
  PortClaims,
  startError,
  WaitWatch,
  type Guard,
  type MadePlugin,
  type PluginMaker,
} from '@sluice/plugin/host';
import type { LogEvents } from '../routing/log-events.js';
import type { AgentLog, RootLog } from '@sluice/log';
import type { EventErrors } from '../routing/event-errors.js';
import type { Routes } from '../routing/routes.js';
import type { WarningList } from './warning-list.js';

/** What a pipeline consists of; `buildPipeline` makes it. */
export interface PipelineParts {
  readonly inputs: readonly Input[];
  readonly filters: readonly Filter[];
  /** Those inside of others come before these. */
  readonly outputs: readonly Output[];
  readonly routes: Routes;
  readonly labels: ReadonlyMap<string, Routes>;
  readonly errors: EventErrors;
  /** Every plugin with its section; those inside of others come before these. */
  readonly made: readonly MadePlugin[];
  readonly startChecks: PluginMaker['startChecks'];
  /** Around outputs and filters. */
  readonly guards: readonly Guard[];
  /** Keeps the latest warnings, where somebody watches. */
  readonly warnings: WarningList | undefined;
  /** Takes the lines of the log as events, where somebody wants them. */
  readonly logEvents: LogEvents | undefined;
  readonly log: AgentLog;
  /** Seconds that all plugins together have to stop. */
  readonly stopLimit: number;
  readonly clock: Clock;
}

/** The running form of a configuration: inputs, the routes, and the outputs that they lead to. */
export class Pipeline {
  /** Each `<source>` of this worker. */
  readonly inputs: readonly Input[];
  /** Each `<filter>` of this worker, in all labels. */
  readonly filters: readonly Filter[];
  /** Each output of this worker, in all labels, those inside of others included. */
  readonly outputs: readonly Output[];
  /** The routes of the top level. */
  readonly routes: Routes;
  /** The routes of each `<label>`. */
  readonly labels: ReadonlyMap<string, Routes>;
  /** What was done with events that could not be processed. */
  readonly errors: EventErrors;
  /** The latest warnings, where somebody watches. */
  readonly warnings: WarningList | undefined;
  /** Set by `stop`: how many buffered events it has lost, each chunk with an error in the log. */
  lostAtStop = 0;
  readonly #parts: PipelineParts;
  /** Outputs and what is inside of plugins, filters, inputs: each after what it needs. */
  readonly #order: readonly Plugin[];
  readonly #waits: WaitWatch;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.inputs = parts.inputs;
    this.filters = parts.filters;
    this.outputs = parts.outputs;
    this.routes = parts.routes;
    this.labels = parts.labels;
    this.errors = parts.errors;
    this.warnings = parts.warnings;
    this.#waits = new WaitWatch(parts.guards, parts.clock, parts.log);
    const later = new Set<Plugin>([...parts.filters, ...parts.inputs]);
    const rest = parts.made.map(({ plugin }) => plugin).filter((plugin) => !later.has(plugin));
    this.#order = [...rest, ...later];
  }

  /** Has it hear of what is logged: for the latest warnings, and for the lines as events. */
  listenTo(log: RootLog): void {
    log.onWarning = this.warnings?.add;
    log.onLine = this.#parts.logEvents?.add;
  }

  /** Starts outputs, then filters, then inputs. @throws ConfigError or LifecycleError */
  async start(): Promise<void> {
    try {
      const { stopLimit, clock } = this.#parts;
      await startPlugins(this.#order, { stopLimit, clock });
      this.#waits.start();
      this.#parts.logEvents?.open();
    } catch (error) {
      throw error instanceof LifecycleError ? await this.#explain(error) : error;
    }
  }

  /** What kept it from starting, in the words of a dry run where that meets the same. */
  async #explain(error: LifecycleError): Promise<ConfigError | LifecycleError> {
    const found = startError(error, this.#parts.made);
    if (!(found instanceof ConfigError)) return found;
    const problems = await this.startProblems().catch(() => []);
    return problems.find(({ file, line }) => file === found.file && line === found.line) ?? found;
  }

  /**
   * Looks for what would keep it from starting: ports, certificates, folders. Nothing is left behind.
   *
   * @returns one error for each problem, which points at the parameter
   */
  async startProblems(): Promise<ConfigError[]> {
    const claims = new PortClaims();
    const problems: ConfigError[] = [];
    for (const check of this.#parts.startChecks) problems.push(...(await check(claims.claim)));
    return problems;
  }

  /**
   * Stops inputs first: what they have in flight still reaches the outputs and is acknowledged.
   *
   * @returns what failed on the way, logged already
   */
  async stop(): Promise<LifecycleError[]> {
    this.#parts.logEvents?.close();
    this.#waits.stop();
    const { stopLimit: limit, clock } = this.#parts;
    const before = this.#droppedEvents();
    const errors = await stopPlugins(this.#order.toReversed(), { limit, clock });
    this.lostAtStop = this.#droppedEvents() - before;
    for (const guard of this.#parts.guards) {
      const { id, waiting, waitingSince } = guard;
      if (waiting === 0) continue;
      const since = new Date(waitingSince).toISOString();
      this.#parts.log.error(
        { plugin: id, waiting, since },
        `${guard.describe()}: they are not acknowledged`,
      );
    }
    return errors;
  }

  /** Events that were acknowledged, waited in buffers, and are given up. */
  #droppedEvents(): number {
    let events = 0;
    for (const { counters } of this.outputs.map(statisticsOf)) {
      const dropped = counters?.dropped_events;
      if (typeof dropped === 'number') events += dropped;
    }
    return events;
  }

  /** Has every output write out what it holds back. @returns how many failed, logged already */
  async flush(): Promise<number> {
    const flushes = this.outputs.map(async (output) => output.flush?.());
    let failed = 0;
    for (const [index, result] of (await Promise.allSettled(flushes)).entries()) {
      if (result.status === 'fulfilled') continue;
      failed += 1;
      this.outputs[index].log.error({ err: result.reason as unknown }, 'flush failed');
    }
    return failed;
  }
}
