import type { LaunchOptions } from '../processes/launch-options.js';

export interface RunOptions extends LaunchOptions {
  /** Only check the configuration. Default false. */
  readonly dryRun?: boolean;
  /** Whether a primary process looks after the workers. Default true. */
  readonly supervisor?: boolean;
  /** Permissions that files and sockets do not get. Default: as inherited. */
  readonly umask?: number;
}

/**
 * Runs the agent until a signal ends it.
 *
 * @returns the exit code: 0 after a clean stop or a good configuration, 1 for a wrong
 *   configuration or when something cannot be started; the reason is on standard error
 */
export async function run(options: RunOptions): Promise<number> {
  // Each is imported when it is wanted: what the supervisor does not need must not delay it.
  if (options.dryRun === true) {
    const { dryRun } = await import('./dry-run.js');
    return dryRun(options);
  }
  if (options.umask !== undefined) process.umask(options.umask); // workers inherit it
  if (options.supervisor === false) {
    const { launchAlone } = await import('../processes/launch-alone.js');
    return launchAlone(options);
  }
  const { launch } = await import('../processes/launch.js');
  return launch(options);
}
