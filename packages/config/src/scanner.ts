import { ConfigError, type ConfigErrorCode } from './config-error.js';
import type { SourceText } from './source-text.js';

/** A position in a text, and the small moves that the parsers are made of. */
export class Scanner {
  readonly source: SourceText;
  readonly text: string;
  pos = 0;

  constructor(source: SourceText) {
    this.source = source;
    this.text = source.text;
  }

  get eof(): boolean {
    return this.pos >= this.text.length;
  }

  /** The character at the position (plus `ahead`), empty at the end of the text. */
  peek(ahead = 0): string {
    return this.text.charAt(this.pos + ahead);
  }

  /** Moves over `expected` if it is next. */
  skip(expected: string): boolean {
    if (!this.text.startsWith(expected, this.pos)) return false;
    this.pos += expected.length;
    return true;
  }

  /** Moves over the match of a sticky expression and returns it. */
  match(sticky: RegExp): string | undefined {
    sticky.lastIndex = this.pos;
    const found = sticky.exec(this.text)?.[0];
    if (found !== undefined) this.pos += found.length;
    return found;
  }

  /** Moves over blanks and line ends. Returns true if a line end was among them. */
  skipSpace(): boolean {
    return /[\r\n]/.test(this.match(/[ \t\r\n]*/y) ?? '');
  }

  /** Moves over blanks, line ends and comments. */
  skipSpaceAndComments(): void {
    for (;;) {
      this.match(/[ \t\r\n]*/y);
      if (this.peek() !== '#') return;
      this.match(/[^\r\n]*/y);
    }
  }

  /** Moves over the rest of the line if it holds nothing but blanks and a comment. */
  skipLineEnd(): boolean {
    const start = this.pos;
    this.match(/[ \t]*(?:#[^\n]*)?/y);
    if (this.eof || /[\r\n]/.test(this.peek())) return true;
    this.pos = start;
    return false;
  }

  /** The rest of the line from the position on, for messages. */
  restOfLine(): string {
    const start = this.pos;
    const rest = this.match(/[^\r\n]*/y) ?? '';
    this.pos = start;
    return rest;
  }

  /** The position, or the end of the text before it if a line end lies between. */
  endOfPrevious(): number {
    const before = this.text.slice(0, this.pos).trimEnd().length;
    return /[\r\n]/.test(this.text.slice(before, this.pos)) ? before : this.pos;
  }

  /** An error at the position, or at `offset`. */
  error(
    message: string,
    hint?: string,
    offset = this.pos,
    code: ConfigErrorCode = 'ERR_SLUICE_CONFIG_SYNTAX',
  ): ConfigError {
    return new ConfigError(message, { code, hint, location: this.source.at(offset) });
  }
}
