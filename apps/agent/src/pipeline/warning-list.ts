import type { LoggedWarning } from '@sluice/plugin';
import type { WarningListener } from '@sluice/log';

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

  /** Takes a line; to be handed on as a function. */
  readonly add: WarningListener = (level, plugin, fields, text) => {
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
  };
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
