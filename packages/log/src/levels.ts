/** Levels of the log, from the most to the least. Fluentd: `log_level`. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
/** A level of the log. */
export type LogLevel = (typeof logLevels)[number];
