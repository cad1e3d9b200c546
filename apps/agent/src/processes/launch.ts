import { shareListeners } from '@sluice/server/sharing';
import { shareTicketKeys } from '@sluice/tls/sharing';
import type { LaunchOptions } from './launch-options.js';
import { onSignals } from './signals.js';
import type { Supervisor } from './supervisor.js';
import { WorkerProcess } from './worker-process.js';

/**
 * Runs the agent as a primary process and its workers, until a signal ends it.
 *
 * There is always a primary, for one worker too: a crash or a reload then refuses no connection.
 * It costs little of the start, since the first worker is made before anything of weight is imported
 * here.
 *
 * @returns the exit code
 */
export async function launch(options: LaunchOptions): Promise<number> {
  const running: { supervisor?: Supervisor } = {};
  const sharing = shareListeners();
  const stopSharingKeys = shareTicketKeys();
  const spare = new WorkerProcess();
  const forget = onSignals({
    stop: (signal) => {
      if (running.supervisor !== undefined) running.supervisor.stop(signal);
      else leave(0);
    },
    stopNow: (signal) => {
      running.supervisor?.stopNow(signal);
      leave(1);
    },
    reload: (signal) => running.supervisor?.reload(signal),
    flush: () => running.supervisor?.flush(),
  });
  const leave = (code: number): never => {
    spare.kill();
    process.exit(code);
  };
  const module = await import('./supervisor.js');
  const supervisor = new module.Supervisor(options);
  running.supervisor = supervisor;
  try {
    return await supervisor.run(spare);
  } finally {
    stopSharingKeys();
    sharing.close();
    forget();
  }
}
