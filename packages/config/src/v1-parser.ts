import { ConfigElement, SYSTEM_PARAMS, type ConfigParam } from './config-element.js';
import { ConfigError } from './config-error.js';
import type { EmbeddedContext } from './embedded-code.js';
import {
  scanBare,
  scanDoubleQuoted,
  scanLiteral,
  scanSingleQuoted,
  type Literal,
} from './literal.js';
import type { ConfigLogger } from './logger.js';
import { Scanner } from './scanner.js';
import { isSecretName } from './secret-names.js';
import type { Location, SourceText } from './source-text.js';

/** Sections in which a parameter that starts with `@` and is not the system's is an error. */
const STRICT_SECTIONS = new Set(['ROOT', 'match', 'source', 'filter', 'system']);

/** Reads the files of an `@include` into the section that holds it. */
export type IncludeReader = (
  pattern: string,
  at: Location,
  from: SourceText,
  into: ConfigElement,
) => void;

export interface V1Options {
  readonly context: EmbeddedContext;
  readonly include: IncludeReader;
  readonly log?: ConfigLogger | undefined;
}

/**
 * Parses Fluentd's v1 configuration language into `root`: the file's parameters and sections are
 * added to it, as an included file's are to the section that includes it.
 */
export function parseV1(source: SourceText, root: ConfigElement, options: V1Options): void {
  new V1Parser(source, root, options).parse();
}

class V1Parser {
  readonly #source: SourceText;
  readonly #scanner: Scanner;
  readonly #options: V1Options;
  /** The open sections, outermost first; a stack of its own, because deep nesting would exhaust the one of calls. */
  readonly #open: ConfigElement[];

  constructor(source: SourceText, root: ConfigElement, options: V1Options) {
    this.#source = source;
    this.#scanner = new Scanner(source);
    this.#options = options;
    this.#open = [root];
  }

  parse(): void {
    const scanner = this.#scanner;
    for (;;) {
      scanner.skipSpaceAndComments();
      if (scanner.eof) break;
      if (scanner.peek() !== '<') this.#parameter();
      else if (scanner.peek(1) === '/') this.#endTag();
      else this.#startTag();
    }
    if (this.#open.length > 1) {
      const section = this.#open.at(-1)!;
      throw section.error(`${section.tag} has no end tag </${section.name}>`, {
        code: 'ERR_SLUICE_CONFIG_SYNTAX',
        hint: `add </${section.name}> on a line of its own`,
      });
    }
  }

  #startTag(): void {
    const scanner = this.#scanner;
    const start = scanner.pos++;
    const name = scanner.match(/[a-zA-Z0-9_]+/y);
    if (name === undefined) {
      throw scanner.error(
        "expected a section's name after <",
        'a section starts with <name> or <name argument>; put a value that starts with < in quotes',
      );
    }
    scanner.skipSpace();
    if (scanner.peek() === '#') {
      throw scanner.error(
        'a comment cannot stand inside a tag',
        `close the tag first: <${name}> # comment`,
      );
    }
    const argStart = scanner.pos;
    const arg = this.#argument();
    scanner.skipSpace();
    if (!scanner.skip('>')) {
      throw scanner.error(
        `expected > at the end of the tag <${name}`,
        `write <${name}> or <${name} argument>`,
        scanner.endOfPrevious(),
      );
    }
    this.#endOfTag(`<${name}>`);
    const element = new ConfigElement({
      name,
      arg,
      location: this.#source.at(start),
      argLocation: arg === '' ? undefined : this.#source.at(argStart),
    });
    this.#open.at(-1)!.elements.push(element);
    this.#open.push(element);
  }

  #argument(): string {
    const scanner = this.#scanner;
    if (scanner.peek() === '"') {
      const start = scanner.pos;
      const value = scanDoubleQuoted(scanner, this.#options.context);
      if (typeof value === 'string') return value;
      throw scanner.error(
        "use_nil and use_default cannot be a section's argument",
        "give a default: \"#{ENV['X'] || 'default'}\"",
        start,
        'ERR_SLUICE_CONFIG_EMBEDDED_CODE',
      );
    }
    if (scanner.peek() === "'") return scanSingleQuoted(scanner);
    return (scanner.match(/[^>\r\n]*/y) ?? '').trimEnd();
  }

  #endTag(): void {
    const scanner = this.#scanner;
    const start = scanner.pos;
    scanner.pos += 2;
    const name = scanner.match(/[a-zA-Z0-9_]+/y) ?? '';
    scanner.skipSpace();
    const section = this.#open.at(-1)!;
    if (!scanner.skip('>')) {
      throw scanner.error(
        `expected > at the end of the end tag </${name}`,
        this.#open.length > 1 ? `write </${section.name}>` : undefined,
      );
    }
    if (this.#open.length === 1) {
      throw scanner.error(
        `the end tag </${name}> closes nothing`,
        `remove it, or add <${name}> before it`,
        start,
      );
    }
    if (name !== section.name) {
      throw scanner.error(
        `the end tag </${name}> does not match ${section.tag} of line ${section.location.line}`,
        `write </${section.name}> here, or close ${section.tag} first`,
        start,
      );
    }
    this.#endOfTag(`</${name}>`);
    this.#open.pop();
  }

  #endOfTag(tag: string): void {
    if (this.#scanner.skipLineEnd()) return;
    this.#scanner.match(/[ \t]*/y);
    throw this.#scanner.error(
      `expected the end of the line after ${tag}`,
      'every tag stands on a line of its own',
    );
  }

  #parameter(): void {
    const scanner = this.#scanner;
    const section = this.#open.at(-1)!;
    const atTop = this.#open.length === 1;
    const start = scanner.pos;
    const name = this.#name();
    const quoted = scanner.text[start] === '"' || scanner.text[start] === "'";
    const nameEnd = scanner.pos;
    if (name === '@include' || (atTop && !quoted && name === 'include')) {
      if (!scanner.skipSpace() && !scanner.eof) {
        this.#include(name, start);
        return;
      }
      throw scanner.error(`${name} needs a path`, 'write @include path/to/*.conf', nameEnd);
    }
    if (scanner.skipSpace() || scanner.eof) {
      // The value of a parameter that is only a name is the empty text; for a bool it means true.
      this.#set(section, name, start, '', 'bare', nameEnd);
      return;
    }
    if (scanner.pos === nameEnd) {
      throw scanner.error(`expected a blank after the parameter's name ${name}`, undefined);
    }
    if (name.startsWith('@') && !SYSTEM_PARAMS.includes(name)) this.#reserved(name, section, start);
    const valueStart = scanner.pos;
    let literal: Literal;
    try {
      literal = this.#value(name);
    } catch (error) {
      if (!(error instanceof ConfigError) || !isSecretName(name)) throw error;
      throw this.#withoutSecret(error, name, valueStart);
    }
    const { value, form } = literal;
    this.#set(section, name, start, value, form, valueStart);
  }

  #value(name: string): Literal {
    const scanner = this.#scanner;
    const literal = scanLiteral(scanner, this.#options.context);
    if (scanner.skipLineEnd()) return literal;
    scanner.match(/[ \t]*/y);
    throw scanner.error(
      `expected the end of the line after the value of ${name}`,
      literal.form === 'json'
        ? 'a value that starts with [ or { is JSON; put other text in quotes'
        : 'put the whole value in quotes, and a backslash before a quote inside it',
    );
  }

  /** The same error, pointing at the start of the value and showing nothing of it. */
  #withoutSecret(error: ConfigError, name: string, valueStart: number): ConfigError {
    return new ConfigError(`the value of ${name}: ${error.message}`, {
      code: error.code,
      location: this.#source.at(valueStart),
      hint: error.hint,
      parameter: name,
      secret: true,
    });
  }

  #name(): string {
    const scanner = this.#scanner;
    const start = scanner.pos;
    let name: ConfigParam['value'];
    if (scanner.peek() === '"') name = scanDoubleQuoted(scanner, this.#options.context);
    else if (scanner.peek() === "'") name = scanSingleQuoted(scanner);
    else name = scanner.match(/[^ \t\r\n]+/y) ?? '';
    if (typeof name === 'string' && name !== '') return name;
    throw scanner.error("a parameter's name may not be empty", undefined, start);
  }

  #set(
    section: ConfigElement,
    name: string,
    start: number,
    value: ConfigParam['value'],
    form: ConfigParam['form'],
    valueStart: number,
  ): void {
    const earlier = section.params.get(name);
    const location = this.#source.at(start);
    if (earlier) {
      this.#options.log?.warn(
        { file: location.file, line: location.line, parameter: name },
        `${location.file}:${location.line}: ${name} is set a second time (first in line ` +
          `${earlier.location.line} of ${earlier.location.file}); the later value counts`,
      );
    }
    const valueLocation = this.#source.at(valueStart);
    section.params.set(name, { name, value, form, location, valueLocation });
  }

  #reserved(name: string, section: ConfigElement, start: number): void {
    const text = `${name}: names that start with @ are the system's (${SYSTEM_PARAMS.join(' ')})`;
    if (STRICT_SECTIONS.has(section.name)) {
      throw this.#scanner.error(text, 'leave out the @, or use one of these names', start);
    }
    const { file, line } = this.#source.at(start);
    this.#options.log?.warn({ file, line, parameter: name }, `${file}:${line}: ${text}`);
  }

  #include(name: string, start: number): void {
    const scanner = this.#scanner;
    const at = this.#source.at(scanner.pos);
    const pathStart = scanner.pos;
    // Not scanLiteral: a glob such as [ab].conf is not JSON.
    let value: ConfigParam['value'];
    if (scanner.peek() === '"') value = scanDoubleQuoted(scanner, this.#options.context);
    else if (scanner.peek() === "'") value = scanSingleQuoted(scanner);
    else value = scanBare(scanner);
    if (typeof value !== 'string' || value === '') {
      throw scanner.error(`${name} needs a path`, 'write @include path/to/*.conf', pathStart);
    }
    if (!scanner.skipLineEnd()) throw scanner.error(`expected the end of the line after ${name}`);
    if (name === 'include') {
      const { file, line } = this.#source.at(start);
      this.#options.log?.warn(
        { file, line },
        `${file}:${line}: include is deprecated; write @include`,
      );
    }
    this.#options.include(value, at, this.#source, this.#open.at(-1)!);
  }
}
