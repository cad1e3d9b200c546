/**
 * The entry point of a worker process. It imports nothing of weight at first: signals and messages
 * have to find their listeners.
 */
import cluster from 'node:cluster';
import { enableCompileCache } from '../compile-cache.js';
import { exitCode } from './exit-codes.js';
import { isToWorker, type ToPrimary } from './messages.js';

type Host = import('./worker-host.js').WorkerHost;

let host: Host | undefined;

function tell(message: ToPrimary): void {
  // Nobody to tell it to: the end of the primary is handled where the channel closes.
  process.send?.(message, undefined, undefined, () => undefined);
}

// A terminal sends these to the whole group; the primary decides what they mean. Without a
// listener SIGUSR1 would start Node's debugger, and the others would end the process.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => undefined);
process.on('SIGUSR1', () => void host?.flush());
process.on('SIGTERM', () => {
  stop('SIGTERM');
});

/** Drains and ends, for a reason that is logged where it is not the primary that wants it. */
function stop(reason?: string): void {
  if (host === undefined) process.exit(0); // nothing has begun
  if (reason !== undefined) host.log.info({}, `stopping on ${reason}`);
  const stopping = host;
  void stopping.stop().then((clean) => process.exit(exitCode(clean, stopping.hasLost)));
}

const { worker } = cluster;
worker?.on('disconnect', () => {
  // Without the primary nothing new can come in; what is here is still brought to its end.
  worker.exitedAfterDisconnect = true;
  stop('the end of the primary process');
});

process.on('message', (message: unknown) => {
  if (!isToWorker(message)) return;
  if (message.agent === 'ping') tell({ agent: 'pong' });
  else if (message.agent === 'stop') stop();
  else if (message.agent === 'flush') void host?.flush();
  else void run(message.settings);
});

enableCompileCache();
const { WorkerHost, failureText } = await import('./worker-host.js');
tell({ agent: 'loaded' });

async function run(settings: Parameters<typeof WorkerHost.start>[0]): Promise<void> {
  process.title = `sluice worker ${settings.workerId}`;
  try {
    host = await WorkerHost.start(settings, (read) => tell({ agent: 'read', read }));
  } catch (error) {
    const text = failureText(error);
    if (text === undefined) throw error;
    tell({ agent: 'failed', text });
    return;
  }
  tell({ agent: 'ready' });
}
