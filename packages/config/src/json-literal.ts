import { evaluateEmbeddedCode, type EmbeddedContext } from './embedded-code.js';
import type { Scanner } from './scanner.js';

/** How deep arrays and hashes may be nested, as in Ruby's JSON. */
const MAX_DEPTH = 100;

/**
 * A JSON array or hash over any number of lines, with comments; the scanner stands on its bracket.
 *
 * Returns the JSON on one line without blanks. Numbers keep their digits, so that big integers
 * survive. Comments are `#` to the end of the line (Fluentd knows them at the top level only) and
 * those of Ruby's JSON, `//` and `/* … *\/`. `#{…}` inside a string, or where a hash's value
 * should be, is embedded code.
 */
export function scanJson(scanner: Scanner, context: EmbeddedContext): string {
  return new JsonScanner(scanner, context).scan();
}

class JsonScanner {
  readonly #scanner: Scanner;
  readonly #context: EmbeddedContext;
  readonly #start: number;
  readonly #out: string[] = [];

  constructor(scanner: Scanner, context: EmbeddedContext) {
    this.#scanner = scanner;
    this.#context = context;
    this.#start = scanner.pos;
  }

  scan(): string {
    const kind = this.#scanner.peek() === '[' ? 'array' : 'hash';
    try {
      this.#value(0, false);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw this.#scanner.error(`this JSON ${kind} is nested too deeply`, undefined, this.#start);
    }
    return this.#out.join('');
  }

  #value(depth: number, afterColon: boolean): void {
    const scanner = this.#scanner;
    if (depth > MAX_DEPTH) {
      throw scanner.error(`JSON is nested more than ${MAX_DEPTH} deep`);
    }
    this.#space(afterColon);
    switch (scanner.peek()) {
      case '[': {
        this.#array(depth);
        return;
      }
      case '{': {
        this.#hash(depth);
        return;
      }
      case '"': {
        this.#string();
        return;
      }
      case '#': {
        // only after a colon: #space takes a # elsewhere for a comment
        this.#code();
        return;
      }
      default: {
        const word = scanner.match(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y);
        if (word === undefined) this.#fail('a JSON value');
        if (/[\w.+-]/.test(scanner.peek())) {
          scanner.pos -= word.length;
          this.#fail('a JSON value');
        }
        this.#out.push(word);
      }
    }
  }

  #array(depth: number): void {
    const scanner = this.#scanner;
    const open = scanner.pos++;
    this.#out.push('[');
    this.#space();
    if (scanner.skip(']')) {
      this.#out.push(']');
      return;
    }
    for (;;) {
      this.#value(depth + 1, false);
      this.#space();
      if (scanner.skip(']')) break;
      if (!scanner.skip(',')) this.#fail('"," or "]"', open);
      this.#out.push(',');
      this.#space();
      if (scanner.peek() === ']') this.#fail('a value: a comma may not come last');
    }
    this.#out.push(']');
  }

  #hash(depth: number): void {
    const scanner = this.#scanner;
    const open = scanner.pos++;
    this.#out.push('{');
    this.#space();
    if (scanner.skip('}')) {
      this.#out.push('}');
      return;
    }
    for (;;) {
      this.#space();
      if (scanner.peek() !== '"') this.#fail('a key in double quotes', open);
      this.#string();
      this.#space();
      if (!scanner.skip(':')) this.#fail('":"', open);
      this.#out.push(':');
      this.#value(depth + 1, true);
      this.#space();
      if (scanner.skip('}')) break;
      if (!scanner.skip(',')) this.#fail('"," or "}"', open);
      this.#out.push(',');
      this.#space();
      if (scanner.peek() === '}') this.#fail('a key: a comma may not come last');
    }
    this.#out.push('}');
  }

  #string(): void {
    const scanner = this.#scanner;
    const start = scanner.pos++;
    const parts: string[] = ['"'];
    for (;;) {
      const plain = scanner.match(/[^"\\#\u0000-\u001f]+/y);
      if (plain !== undefined) parts.push(plain);
      if (scanner.skip('"')) break;
      const escape = scanner.match(/\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y);
      if (escape !== undefined) parts.push(escape);
      else if (scanner.skip('#{')) {
        const result = evaluateEmbeddedCode(scanner, this.#context);
        if (typeof result !== 'string') this.#refuseSignal(start);
        parts.push(JSON.stringify(result).slice(1, -1));
      } else if (scanner.skip('#')) parts.push('#');
      else if (scanner.peek() === '\\') {
        throw scanner.error(
          `unknown escape \\${scanner.peek(1)} in a JSON string`,
          'JSON knows \\" \\\\ \\/ \\b \\f \\n \\r \\t and \\uXXXX; write \\\\ for a backslash',
        );
      } else {
        throw scanner.error(
          'this JSON string is not closed on its line',
          'end it with ", and write \\n for a line end and \\t for a tab',
          start,
        );
      }
    }
    parts.push('"');
    // Through JSON, so that escapes come out one way only ("\/" is "/").
    this.#out.push(JSON.stringify(JSON.parse(parts.join(''))));
  }

  /** `{"port": #{ENV['PORT']}}`: the code's result stands as JSON. */
  #code(): void {
    const start = this.#scanner.pos;
    this.#scanner.pos += 2;
    const result = evaluateEmbeddedCode(this.#scanner, this.#context);
    if (typeof result !== 'string') this.#refuseSignal(start);
    try {
      this.#out.push(JSON.stringify(JSON.parse(result)));
    } catch (cause) {
      throw this.#scanner.error(
        'the embedded code gives no JSON value',
        'put it in double quotes if a string is meant: "#{…}"',
        start,
        cause instanceof SyntaxError ? 'ERR_SLUICE_CONFIG_EMBEDDED_CODE' : undefined,
      );
    }
  }

  #refuseSignal(offset: number): never {
    throw this.#scanner.error(
      'use_nil and use_default stand for a whole parameter and cannot be used inside JSON',
      'write null, or use "#{use_nil}" as the whole value',
      offset,
      'ERR_SLUICE_CONFIG_EMBEDDED_CODE',
    );
  }

  /** Over blanks, line ends and comments; `#{` right after a colon is code, not a comment. */
  #space(codeAllowed = false): void {
    const scanner = this.#scanner;
    for (;;) {
      scanner.match(/[ \t\r\n]+/y);
      if (scanner.peek() === '#' && !(codeAllowed && scanner.peek(1) === '{')) {
        scanner.match(/[^\n]*/y);
      } else if (scanner.peek() === '/' && scanner.peek(1) === '/') {
        scanner.match(/[^\n]*/y);
      } else if (scanner.skip('/*')) {
        const end = scanner.text.indexOf('*/', scanner.pos);
        if (end === -1) {
          throw scanner.error('this comment has no */', undefined, scanner.pos - 2);
        }
        scanner.pos = end + 2;
      } else return;
    }
  }

  #fail(expected: string, open = this.#start): never {
    const scanner = this.#scanner;
    const kind = scanner.text[open] === '[' ? 'array' : 'hash';
    const close = kind === 'array' ? ']' : '}';
    if (scanner.eof) {
      throw scanner.error(
        `this JSON ${kind} has no closing ${close}`,
        `end it with ${close}`,
        open,
      );
    }
    throw scanner.error(
      `expected ${expected} in this JSON ${kind}`,
      kind === 'array'
        ? 'an array reads ["a", "b", 1]; to start a string with [, put it in quotes'
        : 'a hash reads {"key": "value", "number": 1}; to start a string with {, put it in quotes',
    );
  }
}
