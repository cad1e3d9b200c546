/** Levels of the log, from the most to the least. Fluentd: `log_level`. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof logLevels)[number];
