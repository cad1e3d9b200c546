/** Writes one line: fields first, then the text, as pino does. */
export type LogMethod = (fields: object, message: string) => void;

/**
 * Where the helper writes what happens after a call has returned. A pino logger fits as it is.
 * Every refusal carries `title`, `peer` (`host:port`) and `reason` as fields.
 */
export interface Logger {
  /** What only somebody who debugs the helper wants to see. */
  trace: LogMethod;
  /** What seldom matters, such as a reply to a peer that is gone. */
  debug: LogMethod;
  /** What happens to one connection by its peer's doing, such as a reset. */
  info: LogMethod;
  /** What somebody should look at: a refusal, a limit that was reached. */
  warn: LogMethod;
  /** What did not work: a callback that failed, a server that is lost. */
  error: LogMethod;
}

const nothing: LogMethod = () => undefined;

function toStandardError(level: string): LogMethod {
  return (fields, message) => console.error(`[${level}] ${message}`, fields);
}

/** Writes nothing at all. */
export const silentLogger: Logger = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};

/** The default: warnings and errors on standard error, so that nothing is lost in silence. */
export const consoleLogger: Logger = {
  ...silentLogger,
  warn: toStandardError('warn'),
  error: toStandardError('error'),
};
