import { setTimeout as sleep } from 'node:timers/promises';
import {
  fetchStatus,
  lineText,
  liveView,
  MonitorError,
  topView,
  type AgentStatus,
  type Line,
} from '@sluice/cli-tools';
import { endOnSignals } from './end-on-signals.js';
import { parseFlags, UsageError } from './flags.js';
import { portNumber } from './sender-flags.js';

const topFlags = {
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', short: 'p', default: '24220' },
  interval: { type: 'string', short: 'n', default: '1' },
  once: { type: 'boolean', default: false },
  plain: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** Columns of the chart where there is no terminal. */
const plainColumns = 80;

/**
 * `sluice top`: what a running agent does, from its monitor_agent: on a terminal a view that goes on,
 * otherwise the same as lines.
 *
 * @returns 0; 1 where the agent cannot be asked
 */
export async function top(args: string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, topFlags);
  if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is one argument too many`);
  const interval = Number(values.interval);
  if (!(interval >= 0.1 && interval <= 3600)) {
    throw new UsageError(`--interval is 0.1 to 3600 seconds, not "${values.interval}"`);
  }
  const host = values.host.includes(':') ? `[${values.host}]` : values.host;
  const url = `http://${host}:${portNumber(values.port)}`;
  const ending = endOnSignals();
  const { signal } = ending;
  try {
    if (values.json) await printed(url, interval, signal, values.once, jsonText);
    else if (values.once || values.plain || !process.stdout.isTTY) {
      await printed(url, interval, signal, values.once, plainText);
    } else await live(url, interval, signal);
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

type Show = (now: AgentStatus, before: AgentStatus | undefined) => string;

const jsonText: Show = (now) => `${JSON.stringify(now)}\n`;
const plainText: Show = (now, before) =>
  `${topView(now, before, plainColumns).map(lineText).join('\n').trimEnd()}\n\n`;

async function printed(
  url: string,
  interval: number,
  signal: AbortSignal,
  once: boolean,
  show: Show,
): Promise<void> {
  let before: AgentStatus | undefined;
  do {
    const now = await fetchStatus(url, signal);
    // Once, it says what happens at this moment: that takes two looks.
    if (once && before === undefined && show === plainText) {
      await sleep(interval * 1000, undefined, { signal });
      process.stdout.write(show(await fetchStatus(url, signal), now));
      return;
    }
    process.stdout.write(show(now, before));
    before = now;
    if (!once) await sleep(interval * 1000, undefined, { signal });
  } while (!once && !signal.aborted);
}

/** Asks again and again beside the view, which shows what was said last. */
async function live(url: string, interval: number, signal: AbortSignal): Promise<void> {
  let now = await fetchStatus(url, signal);
  let before: AgentStatus | undefined;
  let problem: Line | undefined;
  const over = new AbortController();
  const both = AbortSignal.any([signal, over.signal]);
  const ask = async (): Promise<void> => {
    while (!both.aborted) {
      await sleep(interval * 1000, undefined, { signal: both });
      try {
        const next = await fetchStatus(url, both);
        before = now;
        now = next;
        problem = undefined;
      } catch (error) {
        if (!(error instanceof MonitorError)) throw error;
        problem = { text: error.message, style: 'red' };
      }
    }
  };
  const asking = ask().catch((error: unknown) => {
    if (!both.aborted) throw error;
  });
  try {
    await liveView({
      output: process.stdout,
      input: process.stdin,
      signal,
      render: ({ columns }) => [
        ...(problem === undefined ? [] : [problem]),
        ...topView(now, before, columns),
      ],
    });
  } finally {
    over.abort();
    await asking;
  }
}
