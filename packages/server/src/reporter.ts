import type { Channel } from 'node:diagnostics_channel';
import type { Logger } from './logger.js';

const linesPerSecond = 100;

interface Window {
  since: number;
  lines: number;
  suppressed: number;
}

/**
 * One place that tells of a refusal: a log line with title, peer and reason, and a diagnostics
 * event. A flood of refusals for one reason is cut to 100 lines a second, and the number of lines
 * left out is logged; the counters know them all.
 * @internal
 */
export class Reporter {
  readonly #log: Logger;
  readonly #title: string;
  readonly #windows = new Map<string, Window>();

  constructor(log: Logger, title: string) {
    this.#log = log;
    this.#title = title;
  }

  warn(channel: Channel, text: string, peer: string, reason: string, extra?: object): void {
    const fields = { title: this.#title, peer, reason, ...extra };
    if (channel.hasSubscribers) channel.publish(fields);
    if (this.#mayLog(`${text}/${reason}`, text, reason)) {
      this.#log.warn(fields, `${text}: ${reason}`);
    }
  }

  #mayLog(key: string, text: string, reason: string): boolean {
    const now = performance.now();
    let window = this.#windows.get(key);
    if (window === undefined || now - window.since >= 1000) {
      window = { since: now, lines: 0, suppressed: 0 };
      this.#windows.set(key, window);
      // Reasons are few, but a system's error codes are not ours to bound.
      if (this.#windows.size > 200) this.#windows.clear();
    }
    if (window.lines < linesPerSecond) {
      window.lines += 1;
      return true;
    }
    if (window.suppressed === 0) this.#reportLater(window, text, reason);
    window.suppressed += 1;
    return false;
  }

  #reportLater(window: Window, text: string, reason: string): void {
    setTimeout(() => {
      this.#log.warn(
        { title: this.#title, reason, suppressed: window.suppressed },
        `${text}: ${reason} (${window.suppressed} more)`,
      );
    }, 1000).unref();
  }
}
