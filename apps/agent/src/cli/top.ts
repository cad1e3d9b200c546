import { MonitorError, watchTop } from '@sluice/cli-tools';
import { parseFlags, UsageError } from '@sluice/cli-tools/command-line';
import { topFlags } from './commands.js';
import { endOnSignals } from './end-on-signals.js';
import { portNumber } from './sender-choice.js';

/**
 * `sluice top`: what a running agent does, from its monitor_agent: on a terminal a view that goes on,
 * otherwise the same as lines.
 *
 * @returns 0; 1 where the agent cannot be asked
 */
export async function top(args: string[]): Promise<number> {
  const { values } = parseFlags(args, topFlags, 0);
  const { host = '127.0.0.1', port = '24220', once = false, plain, json } = values;
  const interval = Number(values.interval ?? '1');
  if (!(interval >= 0.1 && interval <= 3600)) {
    throw new UsageError(`--interval is 0.1 to 3600 seconds, not "${values.interval}"`);
  }
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${portNumber(port)}`;
  const text = plain === true || !process.stdout.isTTY ? 'text' : 'view';
  const ending = endOnSignals();
  const { signal } = ending;
  try {
    await watchTop({ url, interval, once, as: json === true ? 'json' : text, signal });
    return 0;
  } catch (error) {
    if (signal.aborted) return 0;
    if (!(error instanceof MonitorError)) throw error;
    process.stderr.write(`sluice top: ${error.message}\n`);
    return 1;
  } finally {
    ending.off();
  }
}
