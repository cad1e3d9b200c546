import {
  evaluateEmbeddedCode,
  useDefaultSignal,
  useNilSignal,
  type EmbeddedContext,
} from './embedded-code.js';
import { useDefault, type ParamForm, type ParamValue } from './config-element.js';
import { scanJson } from './json-literal.js';
import { Scanner } from './scanner.js';
import { SourceText } from './source-text.js';

export interface Literal {
  readonly value: ParamValue;
  readonly form: ParamForm;
}

/** A value to the end of the line: JSON, a quoted string, or bare text. */
export function scanLiteral(scanner: Scanner, context: EmbeddedContext): Literal {
  switch (scanner.peek()) {
    case '[':
    case '{':
      return { value: scanJson(scanner, context), form: 'json' };
    case '"':
      return { value: scanDoubleQuoted(scanner, context), form: 'double' };
    case "'":
      return { value: scanSingleQuoted(scanner), form: 'single' };
    default:
      return { value: scanBare(scanner), form: 'bare' };
  }
}

/**
 * Bare text: up to the end of the line, or to a `#` after a blank. A `#` that starts the value or
 * stands inside a word belongs to it.
 */
export function scanBare(scanner: Scanner): string {
  const line = scanner.restOfLine();
  let end = line.length;
  for (let hash = line.indexOf('#', 1); hash !== -1; hash = line.indexOf('#', hash + 1)) {
    const before = line[hash - 1];
    if (before === ' ' || before === '\t') {
      end = hash;
      break;
    }
  }
  while (end > 0 && (line[end - 1] === ' ' || line[end - 1] === '\t')) end--;
  scanner.pos += end;
  return line.slice(0, end);
}

/** Escapes in double quotes; a symbol after a backslash stands for itself. */
const ESCAPES: Readonly<Partial<Record<string, string>>> = {
  r: '\r',
  n: '\n',
  t: '\t',
  f: '\f',
  b: '\b',
  '0': '\0',
};

/**
 * A double-quoted string, over several lines if need be; a backslash at a line's end joins the
 * lines. Fluentd loses its way at an empty line inside; here it is kept.
 */
export function scanDoubleQuoted(scanner: Scanner, context: EmbeddedContext): ParamValue {
  const start = scanner.pos++;
  return scanTemplate(scanner, context, () => {
    if (!scanner.eof) return scanner.skip('"');
    throw scanner.error(
      'this double-quoted string has no closing quote',
      'end the string with ", and write \\" for a quote inside it',
      start,
    );
  });
}

/** The text between the quotes of a double-quoted string, without them (YAML's `!fluent/s`). */
export function evaluateTemplate(text: string, file: string, context: EmbeddedContext): ParamValue {
  const scanner = new Scanner(new SourceText(file, text));
  return scanTemplate(scanner, context, () => scanner.eof);
}

function scanTemplate(
  scanner: Scanner,
  context: EmbeddedContext,
  atEnd: () => boolean,
): ParamValue {
  const parts: string[] = [];
  let special: ParamValue | undefined;
  for (;;) {
    const plain = scanner.match(/[^"\\#]+/y);
    if (plain !== undefined) parts.push(plain);
    if (atEnd()) return special === undefined ? parts.join('') : special;
    if (scanner.skip('\\')) parts.push(scanEscape(scanner));
    else if (scanner.skip('#{')) {
      const result = evaluateEmbeddedCode(scanner, context);
      // nil wins over the default, as in Fluentd.
      if (result === useNilSignal) special = null;
      else if (result === useDefaultSignal) special = special === null ? null : useDefault;
      else parts.push(result);
    } else {
      parts.push(scanner.peek());
      scanner.pos++;
    }
  }
}

function scanEscape(scanner: Scanner): string {
  if (scanner.match(/\r\n|\r|\n/y) !== undefined) return '';
  const character = scanner.match(/[^]/uy) ?? '';
  const escaped = ESCAPES[character];
  if (escaped !== undefined) return escaped;
  if (/[a-zA-Z0-9]/.test(character)) {
    throw scanner.error(
      `unknown escape \\${character} in a double-quoted string`,
      `known are \\n \\r \\t \\f \\b \\0; write \\\\${character} for a backslash and ${character}, or use single quotes`,
      scanner.pos - 2,
    );
  }
  return character;
}

/** A single-quoted string: on one line, and nothing is special but `\'` and `\\`. */
export function scanSingleQuoted(scanner: Scanner): string {
  const start = scanner.pos++;
  const parts: string[] = [];
  for (;;) {
    const plain = scanner.match(/[^'\\\n]+/y);
    if (plain !== undefined) parts.push(plain);
    if (scanner.skip("'")) return parts.join('');
    if (scanner.eof || scanner.peek() === '\n') {
      throw scanner.error(
        'this single-quoted string is not closed on its line',
        "end the string with ', and write \\' for a quote inside it; a string over several lines needs double quotes",
        start,
      );
    }
    if (scanner.skip("\\'")) parts.push("'");
    else if (scanner.skip('\\\\')) parts.push('\\');
    else {
      parts.push('\\');
      scanner.pos++;
    }
  }
}
