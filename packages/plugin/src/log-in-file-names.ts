import { namesInFile, snakeCase } from '@sluice/config';
import type { Logger, LogMethod } from '@sluice/server';
import { transportSection } from './transport/transport.js';

/**
 * A log for the server helper, whose lines about an option name it as a configuration file does:
 * `private_key_passphrase`, not `privateKeyPassphrase`.
 */
export function logInFileNames(log: Logger): Logger {
  const named =
    (level: keyof Logger): LogMethod =>
    (fields, text) => {
      const { option } = fields as { option?: unknown };
      if (typeof option !== 'string') log[level](fields, text);
      else {
        log[level]({ ...fields, option: snakeCase(option) }, namesInFile(text, transportSection));
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
