/** One level of a logger, with pino's signature. */
export type LogMethod = (fields: Record<string, unknown>, message: string) => void;

/** The part of a pino logger that this package uses; a pino logger can be passed as it is. */
export interface Logger {
  debug: LogMethod;
  info: LogMethod;
  warn: LogMethod;
}

const nothing: LogMethod = () => undefined;

/** A logger for callers who gave none. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing };
