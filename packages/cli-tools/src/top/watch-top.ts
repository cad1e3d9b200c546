import { setTimeout as sleep } from 'node:timers/promises';
import { liveView } from '../terminal/live-view.js';
import { lineText, type Line } from '../terminal/screen.js';
import { fetchStatus, MonitorError, type AgentStatus } from './status.js';
import { topView } from './top-view.js';

/** Columns of the chart where there is no terminal. */
const plainColumns = 80;

/** What {@link watchTop} asks, and how it shows the answer. */
export interface TopOptions {
  /** Where monitor_agent is, such as `http://127.0.0.1:24220`. */
  readonly url: string;
  /** Seconds between two looks. */
  readonly interval: number;
  /** Print it once. */
  readonly once: boolean;
  /** A view over the whole terminal, or lines on standard output: for people, or JSON. */
  readonly as: 'view' | 'text' | 'json';
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Shows what an agent does, until the signal or a key ends it. @throws MonitorError */
export async function watchTop({ url, interval, once, as, signal }: TopOptions): Promise<void> {
  if (as === 'json') await printed(url, interval, signal, once, jsonText);
  else if (as === 'text' || once) await printed(url, interval, signal, once, plainText);
  else await live(url, interval, signal);
}

type Show = (now: AgentStatus, before: AgentStatus | undefined) => string;

const jsonText: Show = (now) => `${JSON.stringify(now)}\n`;
const plainText: Show = (now, before) =>
  `${topView(now, before, plainColumns).map(lineText).join('\n').trimEnd()}\n\n`;

/** Prints what the agent does, again and again, or once. */
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
