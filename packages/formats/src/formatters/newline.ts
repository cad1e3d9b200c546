import { t } from '@sluice/config';
import type { Framing } from '@sluice/plugin';

/** The parameter `newline` of Fluentd's formatters. */
export const newlineParam = {
  newline: t.enum(['lf', 'crlf']).default('lf').describe('The newline: lf or crlf'),
};

/** The parameter `add_newline` of Fluentd's formatters. */
export const addNewlineParam = {
  addNewline: t.bool().default(true).describe('End each record with a newline'),
};

/** The characters of a newline. */
export function newlineOf(newline: 'lf' | 'crlf', add = true): string {
  if (!add) return '';
  return newline === 'lf' ? '\n' : '\r\n';
}

/** Records without a newline have no end that could be found. */
export const framingOf = (addNewline: boolean): Framing => (addNewline ? 'lines' : 'none');
