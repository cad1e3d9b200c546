/** What this package needs of a logger; a pino logger is one. */
export interface ConfigLogger {
  /** Logs one warning. */
  warn(fields: Record<string, unknown>, text: string): void;
}
