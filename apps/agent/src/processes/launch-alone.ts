import { ConfigError } from '@sluice/config';
import { complain } from '../complain.js';
import { createLog } from '@sluice/log';
import { recordConfig } from './config-recording.js';
import type { LaunchOptions } from './launch-options.js';
import { exitCode } from './exit-codes.js';
import { writePidFile } from './pid-file.js';
import { ServiceNotifier } from './sd-notify.js';
import { onSignals } from './signals.js';
import { workersOf } from './system-workers.js';
import { failureText, WorkerHost } from './worker-host.js';

/**
 * Runs the agent in this process alone: for debuggers, and where another supervisor restarts it.
 * It serves as worker 0, and has nobody to reload it. Fluentd: `--no-supervisor`.
 *
 * @returns the exit code
 */
export async function launchAlone(options: LaunchOptions): Promise<number> {
  const { config, inlineConfig, pidFile } = options;
  const log = createLog({ ...options.log, workerId: 0 });
  const notifier = new ServiceNotifier(log);
  let host: WorkerHost | undefined;
  let askedToStop!: (signal: NodeJS.Signals) => void;
  const stopAsked = new Promise<NodeJS.Signals>((resolve) => (askedToStop = resolve));
  const forget = onSignals({
    stop: (signal) => {
      if (host === undefined) process.exit(0);
      askedToStop(signal);
    },
    stopNow: (signal) => {
      log.warn({ signal }, `${signal} again: leaving at once`);
      process.exit(1);
    },
    reload: (signal) => {
      log.warn({ signal }, 'without a supervisor the configuration cannot be reloaded: restart');
    },
    flush: () => void host?.flush(),
  });
  try {
    const { workers, ...recorded } = await recordConfig(config, inlineConfig, workersOf);
    if (workers > 1) log.warn({ workers }, 'without a supervisor there is one worker');
    if (recorded.rpc !== undefined) {
      log.warn({}, 'without a supervisor the calls of rpc_endpoint are not served');
    }
    if (pidFile !== undefined) writePidFile(pidFile);
    log.change({ ...recorded.log, ...options.log });
    const read = { ...recorded, workers: 1 };
    const { plugins, strict, log: look = {} } = options;
    host = await WorkerHost.start({ config, plugins, strict, workerId: 0, read, log: look });
  } catch (error) {
    forget();
    const text = error instanceof ConfigError ? error.format() : failureText(error);
    if (text === undefined) throw error;
    complain(text);
    return 1;
  }
  log.info({ pid: process.pid, workers: 1 }, 'sluice is running');
  notifier.notify({ READY: 1, STATUS: 'running without a supervisor' });
  options.onReady?.();
  const watchdog = notifier.keepAlive(() => true);
  log.info({}, `stopping on ${await stopAsked}`);
  notifier.notify({ STOPPING: 1 });
  const clean = await host.stop();
  watchdog();
  forget();
  log.info({}, 'stopped');
  return exitCode(clean, host.hasLost);
}
