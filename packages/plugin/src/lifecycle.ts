import { systemClock, type Clock } from './clock.js';
import type { Phase, Plugin } from './plugin.js';

/** The phases that end a life, in order. */
export const stoppingPhases = [
  'stop',
  'beforeShutdown',
  'shutdown',
  'afterShutdown',
  'close',
  'terminate',
] as const satisfies readonly Phase[];

/** Thrown when a plugin failed in a phase; `cause` has what it threw. */
export class LifecycleError extends Error {
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_LIFECYCLE';

  constructor(
    /** Id of the plugin that failed. */
    readonly pluginId: string,
    /** The phase in which it failed. */
    readonly phase: Phase,
    cause: unknown,
  ) {
    super(
      `plugin ${pluginId} failed in ${phase}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
    this.name = 'LifecycleError';
  }
}

/**
 * Runs one phase of one plugin, and of the servers that it has made.
 *
 * A plugin's own code runs first, so that it can still say something on its connections.
 */
export async function runPhase(plugin: Plugin, phase: Phase): Promise<void> {
  try {
    await plugin[phase]();
    const servers = plugin.startedServers;
    if (servers === undefined) return;
    if (phase === 'start') await servers.waitUntilStart();
    if (phase === 'stop' || phase === 'shutdown' || phase === 'close' || phase === 'terminate') {
      await servers[phase]();
    }
  } catch (error) {
    throw new LifecycleError(plugin.id, phase, error);
  }
}

/** What is said and done while plugins start. */
export interface StartOptions {
  /** Seconds after which a plugin that is still starting is logged. Default: 10. */
  readonly slowAfter?: number;
  /** Seconds for the end of those already started, where one fails. Default: no limit. */
  readonly stopLimit?: number;
  /** Default: the system's. */
  readonly clock?: Clock;
}

/**
 * Starts plugins in the order given: outputs before the inputs that feed them.
 *
 * @throws LifecycleError for the first one that fails; those already started are stopped first.
 */
export async function startPlugins(
  plugins: readonly Plugin[],
  { slowAfter = 10, stopLimit, clock = systemClock }: StartOptions = {},
): Promise<void> {
  const started: Plugin[] = [];
  try {
    for (const phase of ['start', 'afterStart'] as const) {
      for (const plugin of plugins) {
        if (phase === 'start') started.push(plugin);
        const forget = clock.setTimeout(() => {
          const { id, log } = plugin;
          log.warn(
            { plugin: id, phase },
            `plugin ${id} is still in ${phase} after ${slowAfter} seconds`,
          );
        }, slowAfter * 1000);
        await runPhase(plugin, phase).finally(forget);
      }
    }
  } catch (error) {
    await stopPlugins(started.reverse(), { limit: stopLimit ?? Infinity, clock });
    throw error;
  }
}

/** How long an end may take. */
export interface StopOptions {
  /**
   * Seconds for all phases of all plugins together. A plugin that has not settled by then is
   * logged and waited for no longer; the phases that are left still run. Default: no limit.
   */
  readonly limit?: number;
  /** Default: the system's. */
  readonly clock?: Clock;
}

/**
 * Ends plugins, phase by phase, in the order given: inputs before the outputs that they feed.
 *
 * A plugin that fails, or does not settle within the limit, does not keep the others from being
 * stopped: its error is logged with its own log, and returned.
 */
export async function stopPlugins(
  plugins: readonly Plugin[],
  { limit = Infinity, clock = systemClock }: StopOptions = {},
): Promise<LifecycleError[]> {
  const errors: LifecycleError[] = [];
  const deadline = clock.elapsed() + limit * 1000;
  for (const phase of stoppingPhases) {
    for (const plugin of plugins) {
      try {
        await within(clock, deadline, runPhase(plugin, phase), plugin, phase, limit);
      } catch (error) {
        if (!(error instanceof LifecycleError)) throw error;
        plugin.log.error({ plugin: plugin.id, phase, err: error.cause }, error.message);
        errors.push(error);
      }
    }
  }
  return errors;
}

async function within(
  clock: Clock,
  deadline: number,
  running: Promise<void>,
  { id }: Plugin,
  phase: Phase,
  limit: number,
): Promise<void> {
  if (deadline === Infinity) return running;
  let forget: (() => void) | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    // A phase that settles at once is in time, however late it is.
    const left = Math.max(deadline - clock.elapsed(), 10);
    forget = clock.setTimeout(() => {
      const cause = new Error(`it has not ended within ${limit} seconds, and is left behind`);
      reject(new LifecycleError(id, phase, cause));
    }, left);
  });
  try {
    await Promise.race([running, late]);
  } finally {
    forget?.();
  }
}
