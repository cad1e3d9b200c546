import { ConfigError, loadConfig } from '@sluice/config';
import { LifecycleError } from '@sluice/plugin';
import { builtInPlugins } from '../built-in-plugins.js';
import { createLog, type AgentLog, type LogOptions } from '../log.js';
import { Pipeline } from '../pipeline/pipeline.js';
import { PluginRegistry } from '../pipeline/plugin-registry.js';

export interface RunOptions {
  /** The configuration file. */
  readonly config: string;
  /** Only check it. Default false. */
  readonly dryRun?: boolean;
  readonly log?: LogOptions;
  /** Called when everything is started. */
  readonly onReady?: () => void;
}

/** The innermost cause has the sentence that tells what is wrong. */
function reasonOf(error: unknown): string {
  let reason = error;
  while (reason instanceof LifecycleError && reason.cause !== undefined) reason = reason.cause;
  return reason instanceof Error ? reason.message : String(reason);
}

/** Resolves with the first of the signals that comes; the next one ends the process at once. */
function firstSignal(log: AgentLog): { signal: Promise<NodeJS.Signals>; forget: () => void } {
  let asked = false;
  let listener!: (signal: NodeJS.Signals) => void;
  const signal = new Promise<NodeJS.Signals>((resolve) => {
    listener = (name) => {
      if (asked) {
        log.warn({ signal: name }, `${name} again: leaving at once`);
        process.exit(1);
      }
      asked = true;
      resolve(name);
    };
  });
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return {
    signal,
    forget: () => {
      process.off('SIGINT', listener);
      process.off('SIGTERM', listener);
    },
  };
}

/**
 * Runs the agent until a signal ends it.
 *
 * @returns the exit code: 0 after a clean stop or a good configuration, 1 for a wrong
 *   configuration or when something cannot be started; the reason is on standard error
 */
export async function run(options: RunOptions): Promise<number> {
  const log = createLog(options.log);
  let pipeline: Pipeline;
  try {
    const root = await loadConfig(options.config, { log });
    pipeline = new Pipeline(root, { registry: new PluginRegistry(builtInPlugins), log });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.format()}\n`);
    return 1;
  }
  if (options.dryRun === true) {
    process.stdout.write(`${options.config}: OK\n`);
    return 0;
  }
  const { signal, forget } = firstSignal(log);
  try {
    await pipeline.start();
  } catch (error) {
    process.stderr.write(`sluice: ${reasonOf(error)}\n`);
    forget();
    return 1;
  }
  log.info({ pid: process.pid }, 'sluice is running');
  options.onReady?.();
  log.info({}, `stopping on ${await signal}`);
  const errors = await pipeline.stop();
  forget();
  log.info({}, 'stopped');
  return errors.length === 0 ? 0 : 1;
}
