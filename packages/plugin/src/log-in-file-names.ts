import { namesInFile, snakeCase, type ConfigElement } from '@sluice/config';
import type { Logger, LogMethod } from '@sluice/server';
import { transportSection } from './transport/transport.js';

/**
 * A log for the server helper, whose lines about an option name it as a configuration file does:
 * `private_key_passphrase`, not `privateKeyPassphrase`.
 *
 * @param element the section that they are about: warnings begin with its file and line, or with those
 *   of the parameter where it is written. Default: they do not say where
 */
export function logInFileNames(log: Logger, element?: ConfigElement): Logger {
  const named =
    (level: keyof Logger): LogMethod =>
    (fields, text) => {
      const { option } = fields as { option?: unknown };
      if (typeof option !== 'string') log[level](fields, text);
      else {
        const parameter = snakeCase(option);
        const message = namesInFile(text, transportSection);
        if (element === undefined || level !== 'warn') {
          log[level]({ ...fields, option: parameter }, message);
          return;
        }
        const { file, line } = element.params.get(parameter)?.location ?? element.location;
        log.warn({ ...fields, file, line, option: parameter }, `${file}:${line}: ${message}`);
      }
    };
  return {
    trace: named('trace'),
    debug: named('debug'),
    info: named('info'),
    warn: named('warn'),
    error: named('error'),
  };
}
