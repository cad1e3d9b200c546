/** What this package needs of a logger; a pino logger is one. */
export interface ConfigLogger {
  warn(fields: Record<string, unknown>, text: string): void;
}
