/** One level of a logger, with pino's signature. */
export type LogMethod = (fields: Record<string, unknown>, message: string) => void;

/** The part of a pino logger that this package uses; a pino logger can be passed as it is. */
export interface Logger {
  /** What is usual: files that were read again. */
  debug: LogMethod;
  /** What is usual and rare: a certificate that was generated. */
  info: LogMethod;
  /** What somebody should look at: a certificate that expires, a file that is broken. */
  warn: LogMethod;
}

const nothing: LogMethod = () => undefined;

/** A logger for callers who gave none. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing };
