import { RubySyntaxError } from './errors.js';

const escapes: Readonly<Partial<Record<string, string>>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  s: ' ',
  0: '\0',
  f: '\f',
  b: '\b',
  v: '\v',
  a: '\u0007',
  e: '\u001b',
};

/** Stands behind a text that ends where the file's value ends: no file has it. */
export const endOfText = '\uffff';

/** Characters that close what others open. */
export const closers: Readonly<Partial<Record<string, string>>> = {
  '[': ']',
  '(': ')',
  '{': '}',
  '<': '>',
};

/** Goes over the text of an expression. */
export class Scanner {
  at: number;

  constructor(
    readonly text: string,
    start: number,
    readonly end: number,
  ) {
    this.at = start;
  }

  /** The character here, or one further on; empty at the end. */
  peek(ahead = 0): string {
    const at = this.at + ahead;
    return at < this.end ? this.text.charAt(at) : '';
  }

  /** Goes over blanks; over line ends too where the expression cannot be over yet. */
  blanks(lines = false): void {
    this.match(lines ? /\s*/y : /[ \t]*/y);
  }

  /** Goes over the text, if it stands here. */
  skip(text: string): boolean {
    if (!this.text.startsWith(text, this.at) || this.at + text.length > this.end) return false;
    this.at += text.length;
    return true;
  }

  /** Goes over what a sticky expression matches here. */
  match(expression: RegExp): string | undefined {
    expression.lastIndex = this.at;
    const found = expression.exec(this.text)?.[0];
    if (found === undefined || this.at + found.length > this.end) return undefined;
    this.at += found.length;
    return found;
  }

  /** Goes over a word of the language that stands here as a whole. */
  word(word: string): boolean {
    const { at } = this;
    if (!this.skip(word)) return false;
    if (!/[\w?!:]/.test(this.peek()) || (this.peek() === ':' && this.peek(1) === ':')) return true;
    this.at = at;
    return false;
  }

  error(message: string, hint: string, at = this.at): RubySyntaxError {
    const source = this.text.replace(endOfText, '');
    return new RubySyntaxError(message, source, at, hint);
  }

  /** One escape of a text in double quotes; the scanner stands behind the backslash. */
  escape(): string {
    const hex =
      this.match(/x[0-9a-fA-F]{1,2}/y) ??
      this.match(/u[0-9a-fA-F]{4}/y) ??
      this.match(/u\{[0-9a-fA-F]{1,6}\}/y);
    if (hex !== undefined) {
      const code = Number.parseInt(hex.replace(/[xu{}]/g, ''), 16);
      if (code > 0x10ffff) throw this.error('unknown character', 'write \\u{1F600}');
      return String.fromCodePoint(code);
    }
    const character = this.peek();
    this.at += 1;
    return escapes[character] ?? character;
  }
}
