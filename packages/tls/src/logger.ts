/** One level of a logger, with pino's signature. */
export type LogMethod = (fields: Record<string, unknown>, message: string) => void;

/** The part of a pino logger that this package uses; a pino logger can be passed as it is. */
export interface Logger {
  /** What only somebody who looks for a fault wants to see. */
  debug: LogMethod;
  /** Certificates that were read again; an option that has no effect. */
  info: LogMethod;
  /** What somebody should look at: a certificate that expires, a file that is broken. */
  warn: LogMethod;
}

const nothing: LogMethod = () => undefined;

/** A logger for callers who gave none. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing };
