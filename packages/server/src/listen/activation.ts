import cluster from 'node:cluster';
import { ServerArgumentError } from '../errors.js';

const firstDescriptor = 3; // SD_LISTEN_FDS_START

/**
 * The descriptor that systemd passed (`sd_listen_fds(3)`), by name, by index, or the only one.
 * The variables are left in place, so that several servers can each take theirs. In a cluster
 * worker the descriptors are the primary's, which is where Node opens them.
 * @internal
 */
export function activatedDescriptor(
  which: string | number | boolean,
  environment: NodeJS.ProcessEnv = process.env,
): number {
  const fail = (message: string): never => {
    throw new ServerArgumentError(`activation: ${message}`, 'activation', which);
  };
  const owner = cluster.isWorker ? process.ppid : process.pid;
  const count = Number(environment.LISTEN_FDS ?? 0);
  if (!Number.isInteger(count) || count < 1) {
    return fail('no socket was passed to this process (LISTEN_FDS is not set)');
  }
  if (Number(environment.LISTEN_PID) !== owner) {
    return fail('LISTEN_PID names another process, so the passed sockets are not for this one');
  }
  const names = (environment.LISTEN_FDNAMES ?? '').split(':');
  if (which === true) {
    return count === 1 ? firstDescriptor : fail(`${count} sockets were passed: say which one`);
  }
  const index = typeof which === 'string' ? names.indexOf(which) : Number(which);
  if (!(index >= 0 && index < count)) {
    return fail(`unknown socket ${JSON.stringify(which)}, passed are: ${names.join(', ')}`);
  }
  return firstDescriptor + index;
}
