import type { Location } from './source-text.js';

/**
 * What kind of mistake a {@link ConfigError} reports.
 *
 * - `ERR_SLUICE_CONFIG_SYNTAX`: the text is not the configuration language.
 * - `ERR_SLUICE_CONFIG_EMBEDDED_CODE`: `"#{…}"` holds Ruby code that is not supported.
 * - `ERR_SLUICE_CONFIG_INCLUDE`: an `@include` that is missing, unreadable, circular or a URL.
 * - `ERR_SLUICE_CONFIG_FILE`: the configuration file itself cannot be read.
 * - `ERR_SLUICE_CONFIG_VALUE`: a parameter's or an argument's value is not of its type.
 * - `ERR_SLUICE_CONFIG_REQUIRED`: a required parameter, argument or section is missing.
 * - `ERR_SLUICE_CONFIG_OBSOLETE`: a parameter that was removed.
 * - `ERR_SLUICE_CONFIG_SECTION`: a duplicate section, or one that does not belong there.
 * - `ERR_SLUICE_CONFIG_UNKNOWN`: an unknown parameter or section, where that is an error.
 */
export type ConfigErrorCode =
  | 'ERR_SLUICE_CONFIG_SYNTAX'
  | 'ERR_SLUICE_CONFIG_EMBEDDED_CODE'
  | 'ERR_SLUICE_CONFIG_INCLUDE'
  | 'ERR_SLUICE_CONFIG_FILE'
  | 'ERR_SLUICE_CONFIG_VALUE'
  | 'ERR_SLUICE_CONFIG_REQUIRED'
  | 'ERR_SLUICE_CONFIG_OBSOLETE'
  | 'ERR_SLUICE_CONFIG_SECTION'
  | 'ERR_SLUICE_CONFIG_UNKNOWN';

/** What a {@link ConfigError} is made of. */
export interface ConfigErrorDetails {
  /** What kind of mistake it is. */
  readonly code: ConfigErrorCode;
  /** Where it is; absent where there is no text to point at, as for a missing file. */
  readonly location?: Location | undefined;
  /** What would be right. */
  readonly hint?: string | undefined;
  /** The parameter's name as in the file. */
  readonly parameter?: string | undefined;
  /** The value is a secret: {@link ConfigError.format} hides the line from the column on. */
  readonly secret?: boolean | undefined;
  /** What has led to it, such as the system's error about a file. */
  readonly cause?: unknown;
}

/** The widest piece of a line that {@link ConfigError.format} prints, in characters. */
const EXCERPT_WIDTH = 120;

const brand = Symbol.for('@sluice/config.ConfigError');
const severalBrand = Symbol.for('@sluice/config.ConfigErrors');

/**
 * A mistake in a configuration: what, where, and what would be right.
 *
 * `instanceof` also recognises the errors of another copy of this package, which a plugin may have
 * brought along.
 */
export class ConfigError extends Error {
  /** What a stack trace begins with. */
  override readonly name: string = 'ConfigError';
  /** For programs: it stays where the text of the message changes. */
  readonly code: ConfigErrorCode;
  /** The file, where known. */
  readonly file: string | undefined;
  /** The line, from 1. */
  readonly line: number | undefined;
  /** The column in characters, from 1. */
  readonly column: number | undefined;
  /** What would be right, as a sentence. */
  readonly hint: string | undefined;
  /** The parameter at fault, as named in the file. */
  readonly parameter: string | undefined;
  readonly #lineText: string | undefined;

  constructor(message: string, details: ConfigErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.hint = details.hint;
    this.parameter = details.parameter;
    const { location } = details;
    this.file = location?.file;
    this.line = location?.line;
    this.column = location?.column;
    this.#lineText =
      location && details.secret
        ? `${Array.from(location.lineText)
            .slice(0, location.column - 1)
            .join('')}xxxxxx`
        : location?.lineText;
  }

  static {
    Object.defineProperty(this.prototype, brand, { value: true });
  }

  /** True for those that another copy of this package has made, too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return hasInstance(this, ConfigError, brand, value);
  }

  /**
   * The error for people: `file:line:column: message`, the line itself with a caret under the
   * column, and the hint. Several lines, without a trailing line end.
   */
  format(): string {
    const lines: string[] = [];
    if (this.file === undefined || this.line === undefined || this.column === undefined) {
      lines.push(this.message);
    } else {
      lines.push(`${this.file}:${this.line}:${this.column}: ${this.message}`);
      if (this.#lineText !== undefined) {
        const { excerpt, caret } = cut(Array.from(this.#lineText), this.column - 1);
        const gutter = String(this.line);
        lines.push(
          `  ${gutter} | ${excerpt}`.trimEnd(),
          `  ${' '.repeat(gutter.length)} | ${caret}^`,
        );
      }
    }
    if (this.hint !== undefined) lines.push(`  hint: ${this.hint}`);
    return lines.join('\n');
  }
}

/**
 * Several mistakes that were found together. Its own fields are those of the first one.
 */
export class ConfigErrors extends ConfigError {
  /** What a stack trace begins with. */
  override readonly name = 'ConfigErrors';
  /** All of them, in the order of the configuration where that is known. */
  readonly errors: readonly ConfigError[];

  /** @param errors - at least one; what is several itself is taken apart */
  constructor(errors: readonly ConfigError[]) {
    const all = errors.flatMap((error) => (error instanceof ConfigErrors ? error.errors : [error]));
    const { message, code, hint, parameter, file, line, column } = all[0];
    const location =
      file === undefined || line === undefined || column === undefined
        ? undefined
        : { file, line, column, lineText: '' };
    const more = all.length === 1 ? '' : ` (and ${all.length - 1} more)`;
    super(message + more, { code, hint, parameter, location });
    this.errors = all;
  }

  static {
    Object.defineProperty(this.prototype, severalBrand, { value: true });
  }

  /** True for those that another copy of this package has made, too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return hasInstance(this, ConfigErrors, severalBrand, value);
  }

  /** All errors for people, with an empty line between two. */
  override format(): string {
    return this.errors.map((error) => error.format()).join('\n\n');
  }
}

/** The error itself where it is one, else {@link ConfigErrors}. */
export function oneOrAll(errors: readonly ConfigError[]): ConfigError {
  return errors.length === 1 ? errors[0] : new ConfigErrors(errors);
}

/** By brand for the class that has it, by prototype for those that callers derive from it. */
function hasInstance(asked: unknown, branded: unknown, mark: symbol, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (asked === branded) return mark in value;
  return (asked as { prototype: object }).prototype.isPrototypeOf(value);
}

/** The part of a line around the caret, and the blanks (tabs stay tabs) that lead to the caret. */
function cut(characters: string[], caret: number): { excerpt: string; caret: string } {
  let from = 0;
  let to = characters.length;
  if (characters.length > EXCERPT_WIDTH) {
    from = Math.max(0, Math.min(caret - EXCERPT_WIDTH / 2, characters.length - EXCERPT_WIDTH));
    to = from + EXCERPT_WIDTH;
  }
  // Control characters would move the terminal's cursor; the line is shown, not played.
  const shown = characters
    .slice(from, to)
    .map((character) => (character < ' ' && character !== '\t' ? '\u00b7' : character));
  const lead = shown.slice(0, caret - from).map((character) => (character === '\t' ? '\t' : ' '));
  const blanks = lead.join('') + ' '.repeat(Math.max(0, caret - from - lead.length));
  const before = from > 0 ? '…' : '';
  const after = to < characters.length ? '…' : '';
  return { excerpt: before + shown.join('') + after, caret: (before && ' ') + blanks };
}
