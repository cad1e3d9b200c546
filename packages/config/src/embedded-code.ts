import { hostname, networkInterfaces } from 'node:os';
import type { Scanner } from './scanner.js';

/** What `"#{…}"` may ask for. */
export interface EmbeddedContext {
  /** `ENV`. Default: the process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** `hostname` and `Socket.gethostname`. Default: the machine's. */
  readonly hostname?: string | undefined;
  /** `worker_id`. Default: `SERVERENGINE_WORKER_ID` of the environment, or else empty. */
  readonly workerId?: number | string | undefined;
}

/** The results of `use_nil` and `use_default`, which end the evaluation of the whole value. */
export const useNilSignal = Symbol('use_nil');
export const useDefaultSignal = Symbol('use_default');

/** What an expression can come to; `undefined` is Ruby's `nil`. */
type Value = string | number | boolean | undefined;
export type CodeResult = string | typeof useNilSignal | typeof useDefaultSignal;

const SUPPORTED =
  `supported are ENV['NAME'], ENV.fetch('NAME', 'default'), hostname, Socket.gethostname, ` +
  `worker_id, Dir.pwd, File.join(…), use_nil, use_default, nil, true, false, strings, numbers and || between them`;

/**
 * Evaluates the code of a `#{…}`; the scanner stands after `#{` and is left after `}`.
 *
 * Fluentd evaluates any Ruby here. The expressions that configurations use are understood, and any
 * other is an error instead of something almost right.
 */
export function evaluateEmbeddedCode(scanner: Scanner, context: EmbeddedContext): CodeResult {
  const start = scanner.pos;
  scanner.skipSpace();
  if (scanner.skip('}')) return ''; // "#{}" is nil
  return new Evaluator(scanner, context, start).run();
}

/**
 * Recursive descent over `||`, parentheses and the known terms. What is on the right of a true `||`
 * is parsed but not evaluated, so that `ENV['X'] || use_nil` means what it does in Ruby.
 */
class Evaluator {
  readonly #scanner: Scanner;
  readonly #context: EmbeddedContext;
  readonly #start: number;
  #live = true;
  #pending: typeof useNilSignal | typeof useDefaultSignal | undefined;
  #depth = 0;

  constructor(scanner: Scanner, context: EmbeddedContext, start: number) {
    this.#scanner = scanner;
    this.#context = context;
    this.#start = start;
  }

  /** The whole expression with its closing brace. */
  run(): CodeResult {
    const value = this.#either();
    this.#scanner.skipSpace();
    if (!this.#scanner.skip('}')) this.#refuse();
    return this.#pending ?? (value === undefined ? '' : String(value));
  }

  #refuse(): never {
    // The code up to its brace, over strings that may hold braces of their own.
    const code = /(?:"(?:\\.|[^"\\\r\n])*"|'(?:\\.|[^'\\\r\n])*'|[^}"'\r\n])*(?=\})/y;
    code.lastIndex = this.#start;
    const found = code.exec(this.#scanner.text)?.[0].trim();
    if (found === undefined) {
      throw this.#scanner.error(
        'the embedded code #{ has no closing }',
        `write "\\#{" for a literal #{; ${SUPPORTED}`,
        this.#start - 2,
      );
    }
    throw this.#scanner.error(
      `unsupported Ruby code in #{${found.slice(0, 80)}}`,
      SUPPORTED,
      this.#start,
      'ERR_SLUICE_CONFIG_EMBEDDED_CODE',
    );
  }

  #either(): Value {
    if (++this.#depth > 64) this.#refuse();
    let value = this.#term();
    for (;;) {
      this.#scanner.skipSpace();
      if (!this.#scanner.skip('||')) break;
      const live = this.#live;
      const decided =
        this.#pending !== undefined || (live && value !== undefined && value !== false);
      this.#live = live && !decided;
      const other = this.#term();
      this.#live = live;
      if (!decided) value = other;
    }
    this.#depth--;
    return value;
  }

  #term(): Value {
    const scanner = this.#scanner;
    scanner.skipSpace();
    const quote = scanner.peek();
    if (quote === '"' || quote === "'") return this.#end(this.#string());
    if (scanner.skip('(')) {
      const value = this.#either();
      scanner.skipSpace();
      if (!scanner.skip(')')) this.#refuse();
      return this.#end(value);
    }
    const number = scanner.match(/-?\d[\d_]*(?:\.\d+)?/y);
    if (number !== undefined) return this.#end(number.replaceAll('_', ''));
    if (scanner.match(ownAddress) !== undefined) {
      return this.#end(this.#live ? (firstAddress() ?? '') : '');
    }
    const word = scanner.match(/[A-Za-z_][\w.]*/y);
    switch (word) {
      case 'nil': {
        this.#end(undefined);
        return;
      }
      case 'true':
        return this.#end(true);
      case 'false':
        return this.#end(false);
      case 'hostname':
      case 'Socket.gethostname':
        return this.#end(this.#live ? (this.#context.hostname ?? hostname()) : '');
      case 'worker_id':
        return this.#end(
          String(this.#context.workerId ?? this.#env('SERVERENGINE_WORKER_ID') ?? ''),
        );
      case 'use_nil': {
        this.#end(this.#signal(useNilSignal));
        return;
      }
      case 'use_default': {
        this.#end(this.#signal(useDefaultSignal));
        return;
      }
      case 'raise': {
        // What use_nil and use_default were before they had names.
        scanner.skipSpace();
        const error = scanner.match(/(?:Fluent::)?Set(?:Nil|Default)/y);
        if (error === undefined) this.#refuse();
        this.#end(this.#signal(error.endsWith('Nil') ? useNilSignal : useDefaultSignal));
        return;
      }
      case 'Dir.pwd':
        return this.#end(process.cwd());
      case 'File.join':
        return this.#end(this.#join());
      case 'ENV':
        return this.#end(this.#index());
      case 'ENV.fetch':
        return this.#end(this.#fetch());
      default:
        return this.#refuse();
    }
  }

  /** A value is complete only where no operator or method call follows that is not understood. */
  #end<T extends Value>(value: T): T {
    this.#scanner.skipSpace();
    const next = this.#scanner.peek();
    const complete = next === '|' ? this.#scanner.peek(1) === '|' : '}),'.includes(next);
    if (!complete || next === '') this.#refuse();
    return value;
  }

  #signal(signal: typeof useNilSignal | typeof useDefaultSignal): Value {
    if (this.#live) this.#pending ??= signal;
    return undefined;
  }

  #env(name: string): string | undefined {
    const env = this.#context.env ?? process.env;
    return Object.hasOwn(env, name) ? env[name] : undefined;
  }

  #join(): Value {
    const scanner = this.#scanner;
    if (!scanner.skip('(')) this.#refuse();
    const parts: string[] = [];
    do {
      const part = this.#either();
      parts.push(part === undefined ? '' : String(part));
      scanner.skipSpace();
    } while (scanner.skip(','));
    if (!scanner.skip(')')) this.#refuse();
    // One slash between two parts, and those at both ends as they are.
    return parts.reduce((path, part) => `${path.replace(/\/+$/, '')}/${part.replace(/^\/+/, '')}`);
  }

  #index(): Value {
    if (!this.#scanner.skip('[')) this.#refuse();
    this.#scanner.skipSpace();
    const name = this.#string();
    this.#scanner.skipSpace();
    if (!this.#scanner.skip(']')) this.#refuse();
    return this.#env(name);
  }

  #fetch(): Value {
    const scanner = this.#scanner;
    const at = scanner.pos;
    scanner.match(/[ \t]*/y);
    const parenthesis = scanner.skip('(');
    scanner.skipSpace();
    const name = this.#string();
    scanner.skipSpace();
    const found = this.#env(name);
    const live = this.#live;
    this.#live = live && found === undefined;
    let fallback: { value: Value } | undefined;
    if (scanner.skip(',')) fallback = { value: this.#either() };
    scanner.skipSpace();
    if (parenthesis && !scanner.skip(')')) this.#refuse();
    scanner.match(/[ \t]*/y);
    if (!fallback && scanner.skip('{')) {
      fallback = { value: this.#either() };
      scanner.skipSpace();
      if (!scanner.skip('}')) this.#refuse();
    }
    this.#live = live;
    if (found !== undefined) return found;
    if (fallback) return fallback.value;
    if (!live) return undefined;
    throw scanner.error(
      `the environment variable ${name} is not set, and ENV.fetch has no default`,
      `set ${name}, or write ENV.fetch('${name}', 'default')`,
      at,
      'ERR_SLUICE_CONFIG_EMBEDDED_CODE',
    );
  }

  /** A Ruby string, in double quotes with `#{…}` inside. */
  #string(): string {
    const scanner = this.#scanner;
    const quote = scanner.peek();
    if (quote !== '"' && quote !== "'") this.#refuse();
    scanner.pos++;
    let value = '';
    for (;;) {
      const plain = scanner.match(quote === '"' ? /[^"\\#]+/y : /[^'\\]+/y);
      if (plain !== undefined) value += plain;
      if (scanner.eof) this.#refuse();
      if (scanner.skip(quote)) return value;
      if (scanner.skip('\\')) {
        const character = scanner.peek();
        scanner.pos++;
        if (quote === '"') value += ESCAPES[character] ?? character;
        else value += character === quote || character === '\\' ? character : `\\${character}`;
      } else if (scanner.skip('#{')) {
        const inner = this.#either();
        scanner.skipSpace();
        if (!scanner.skip('}')) this.#refuse();
        if (inner !== undefined) value += String(inner);
      } else {
        value += scanner.peek();
        scanner.pos++;
      }
    }
  }
}

/** How Fluentd's examples ask for the first IPv4 address of this machine that is not loopback. */
const ownAddress =
  /Socket\.getifaddrs\s*\.select\s*\{\s*\|(\w+)\|\s*\1\.addr\.ipv4\?\s*\}\s*\.reject\s*\{\s*\|(\w+)\|\s*\2\.addr\.ip_address\s*==\s*'127\.0\.0\.1'\s*\}\.first\.addr\.ip_address/y;

function firstAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, address }) => family === 'IPv4' && address !== '127.0.0.1')?.address;
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  s: ' ',
  0: '\0',
  f: '\f',
  b: '\b',
  e: '\u001b',
};
