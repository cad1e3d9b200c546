import { t } from '@sluice/config';
import type { ParsedCallback, PluginContext } from '@sluice/plugin';
import { define, type Filled } from './define.js';
import { TextParser } from './text-parser.js';
import { zip } from './tsv.js';

const params = {
  keys: t.array(t.string()).describe('Names of the fields, in their order'),
  delimiter: t.string().default(',').describe('What stands between the values'),
  parserEngine: t
    .enum(['normal', 'fast'])
    .optional()
    .describe('fast takes what is not quoted properly, normal refuses it (default: normal)'),
  parserType: t.enum(['normal', 'fast']).optional().describe('The old name of parser_engine'),
};

class CsvParser extends TextParser {
  readonly #keys: readonly string[];
  readonly #delimiter: string;
  readonly #fast: boolean;

  constructor(context: PluginContext, config: Filled<typeof params>) {
    super(context, 'csv', config);
    this.#keys = config.keys;
    this.#delimiter = config.delimiter;
    this.#fast = (config.parserEngine ?? config.parserType) === 'fast';
  }

  protected readText(text: string, found: ParsedCallback): void {
    if (this.#fast) {
      const values = splitLeniently(text.replace(/(?:\r\n|[\r\n])$/, ''), this.#delimiter);
      const keys = this.#keys.slice(0, values.length);
      this.finish(zip(keys, values), found);
      return;
    }
    const values = splitStrictly(text, this.#delimiter);
    if (values === undefined) throw this.error('not CSV');
    if (values.length === 0) throw this.mismatch();
    this.finish(zip(this.#keys, values), found);
  }
}

/**
 * One row by RFC 4180.
 *
 * @returns null for a value that is empty without quotes; nothing for an empty text; undefined where
 *   a quote stands in a place of its own, or does not end
 */
function splitStrictly(text: string, delimiter: string): (string | null)[] | undefined {
  const values: (string | null)[] = [];
  if (text === '') return values;
  let at = 0;
  for (;;) {
    let value: string | null;
    if (text[at] === '"') {
      const end = quoteEnd(text, at + 1);
      if (end < 0) return undefined;
      value = text.slice(at + 1, end).replaceAll('""', '"');
      at = end + 1;
      if (at < text.length && !text.startsWith(delimiter, at) && !isRowEnd(text, at)) {
        return undefined;
      }
    } else {
      const next = nextEnd(text, at, delimiter);
      const plain = text.slice(at, next);
      if (plain.includes('"')) return undefined;
      value = plain === '' ? null : plain;
      at = next;
    }
    values.push(value);
    // Only the first row counts.
    if (at >= text.length || !text.startsWith(delimiter, at)) return values;
    at += delimiter.length;
  }
}

function quoteEnd(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at;
  }
  return -1;
}

function isRowEnd(text: string, at: number): boolean {
  return text[at] === '\n' || text[at] === '\r';
}

function nextEnd(text: string, from: number, delimiter: string): number {
  const next = text.indexOf(delimiter, from);
  const end = next < 0 ? text.length : next;
  for (let at = from; at < end; at++) if (isRowEnd(text, at)) return at;
  return end;
}

/** One row, by looking at the quotes of each part between delimiters only. */
function splitLeniently(text: string, delimiter: string): (string | null)[] {
  const values: (string | null)[] = [];
  if (text === '') return values;
  const parts = text.split(delimiter);
  for (let at = 0; at < parts.length; at++) {
    const part = parts[at];
    const quotes = part.split('"').length - 1;
    const begins = part.startsWith('"');
    const whole = begins && part.endsWith('"');
    if (quotes === 0) values.push(part === '' ? null : part);
    else if (quotes === 1 && begins) {
      // The value has delimiters in it, and ends where a part ends with a quote.
      let last = at + 1;
      while (last < parts.length - 1 && !parts[last].endsWith('"')) last++;
      values.push(
        parts
          .slice(at, last + 1)
          .join(delimiter)
          .slice(1, -1),
      );
      at = last;
    } else {
      const inner = whole ? part.slice(1, -1) : part;
      values.push(quotes > 2 ? inner.replaceAll('""', '"') : inner);
    }
  }
  return values;
}

/** `@type csv`. Fluentd: `parser_csv`. */
export const csvParser = define({
  type: 'csv',
  description: 'Values with commas between them, quoted where they hold one.',
  params,
  check: ({ delimiter }, context) => {
    if (delimiter === '') throw context.error('delimiter', 'delimiter must not be empty');
  },
  create: (context, config) => new CsvParser(context, config),
});
