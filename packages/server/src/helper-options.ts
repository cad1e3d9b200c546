import type { Logger } from './logger.js';
import { consoleLogger } from './logger.js';
import { ServerArgumentError } from './errors.js';
import { checkObject, refuse, show } from './options/check.js';
import { transportGroups, type TransportGroups } from './options/groups.js';
import { suggestion } from './options/nearest.js';
import type { TransportOptions } from './options/options.js';

/** What a helper takes. */
export interface HelperOptions {
  /**
   * Where refusals and failures are written; a pino logger fits as it is.
   * @defaultValue warnings and errors to standard error
   */
  log?: Logger | undefined;
  /** Defaults from a `<transport>` section. */
  transport?: TransportOptions | undefined;
  /** Seconds that `shutdown` gives connections to finish. @defaultValue `5` */
  shutdownTimeout?: number | undefined;
}

/** Checked, with defaults. @internal */
export interface CheckedHelperOptions {
  readonly log: Logger;
  readonly transport: TransportGroups | undefined;
  readonly shutdownTimeout: number;
}

const names = ['log', 'transport', 'shutdownTimeout'];
const levels = ['trace', 'debug', 'info', 'warn', 'error'] as const;

/** @throws ServerArgumentError that names the option @internal */
export function checkHelperOptions(given: unknown): CheckedHelperOptions {
  const options: HelperOptions = checkObject('options', given);
  for (const [name, value] of Object.entries(options)) {
    if (names.includes(name)) continue;
    const message = `unknown option ${name}${suggestion(name, names)}`;
    throw new ServerArgumentError(message, name, value);
  }
  const log = options.log ?? consoleLogger;
  const shutdownTimeout = options.shutdownTimeout ?? 5;
  const isLogger = levels.every((level) => typeof checkObject('log', log)[level] === 'function');
  refuse(!isLogger, `log must have the methods ${levels.join(', ')}`, 'log', log);
  const isTime = typeof shutdownTimeout === 'number' && shutdownTimeout >= 0;
  const text = `shutdownTimeout must be a number of seconds, not ${show(shutdownTimeout)}`;
  refuse(!isTime, text, 'shutdownTimeout', shutdownTimeout);
  return { log, transport: transportGroups(options.transport), shutdownTimeout };
}
