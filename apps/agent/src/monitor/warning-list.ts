import type { LoggedWarning } from '@sluice/plugin';
import type { AgentLog } from '../log.js';

/** How many warnings are kept. */
const kept = 50;
const longest = 300;

/** Fields of a log line that say who and why. Records of events are not among them. */
const shown = ['title', 'peer', 'reason', 'tag', 'label', 'subject', 'daysLeft', 'path', 'error'];

/** The latest warnings and errors of the log, equal ones in a row as one. */
export class WarningList {
  readonly warned = { warn: 0, error: 0 };
  #latest: LoggedWarning[] = [];

  /** The newest first. */
  latest(): readonly LoggedWarning[] {
    return this.#latest;
  }

  add(level: 'warn' | 'error', plugin: string | undefined, fields: object, text: string): void {
    this.warned[level] += 1;
    const warning: LoggedWarning = {
      level,
      time: Date.now(),
      text: text.slice(0, longest),
      plugin,
      fields: shownFields(fields),
      count: 1,
    };
    const last = this.#latest.at(0);
    if (last?.text === warning.text && last.plugin === plugin) {
      this.#latest[0] = { ...warning, count: last.count + 1 };
      return;
    }
    this.#latest.unshift(warning);
    if (this.#latest.length > kept) this.#latest.length = kept;
  }
}

function shownFields(fields: object): Record<string, string> {
  const all = fields as Record<string, unknown>;
  const found: Record<string, string> = {};
  for (const name of shown) {
    const value = all[name];
    if (typeof value === 'string' || typeof value === 'number') {
      found[name] = String(value).slice(0, longest);
    }
  }
  const error = all.err;
  if (error instanceof Error) found.error = error.message.slice(0, longest);
  return found;
}

/** The same log, whose warnings and errors are kept in the list, too. */
export function watchedLog(log: AgentLog, list: WarningList, plugin?: string): AgentLog {
  const watched = Object.create(log) as AgentLog;
  watched.warn = (fields, text) => {
    list.add('warn', plugin, fields, text);
    log.warn(fields, text);
  };
  watched.error = (fields, text) => {
    list.add('error', plugin, fields, text);
    log.error(fields, text);
  };
  watched.child = (fields, options) => {
    const id = (fields as { plugin?: unknown }).plugin;
    return watchedLog(log.child(fields, options), list, typeof id === 'string' ? id : plugin);
  };
  return watched;
}
