import { didYouMean, t } from '@sluice/config';
import { functions, functionNames } from './functions.js';
import { isMethod, methodNames } from './methods/index.js';
import { foreignWords } from './names.js';
import type { Block, Node } from './nodes.js';
import { closers, endOfText, Scanner } from './scanner.js';

const nil: Node = { kind: 'value', value: null };

/** How deep parentheses, calls and texts may be in one another. */
const deepest = 100;

/** Binary operators that are methods, the loosest first. */
const operators: readonly RegExp[] = [
  /<=>|===?|!=|=~|!~/y,
  /<=(?!>)|>=|<(?![<=])|>(?![>=])/y,
  /\|(?!\|)|\^/y,
  /&(?![&.])/y,
  /<<|>>/y,
  /[+-]/y,
  /\*(?!\*)|\/|%/y,
];

/** Reads one expression: recursive descent over the parts of Ruby that expressions are made of. */
export class Parser {
  /** How many local variables there are. */
  slots = 0;
  /** Bare names that nothing is known of: an event comes to an error there. */
  readonly unknown = new Set<string>();
  readonly #scanner: Scanner;
  readonly #names: readonly string[];
  #locals = new Map<string, number>();
  #depth = 0;

  /** @param names bare names that have values */
  constructor(scanner: Scanner, names: readonly string[]) {
    this.#scanner = scanner;
    this.#names = names;
  }

  /** Expressions with `;` or line ends between, to the end of the text. */
  program(): Node {
    const node = this.#statements(() => this.#scanner.at >= this.#scanner.end);
    if (this.#scanner.at < this.#scanner.end) throw this.#unexpected();
    return node;
  }

  /** Expressions up to the brace that closes `#{`, which is gone over. */
  untilBrace(): Node {
    const node = this.#statements(() => this.#scanner.peek() === '}');
    if (!this.#scanner.skip('}')) throw this.#unexpected();
    return node;
  }

  #unexpected(at = this.#scanner.at): Error {
    const scanner = this.#scanner;
    const rest = scanner.text.slice(at, Math.min(scanner.end, at + 20)).replace(endOfText, '');
    return scanner.error(
      rest === '' ? 'the expression is not complete' : `unexpected ${JSON.stringify(rest)}`,
      'expressions are made of record["key"], methods, operators, texts, a ? b : c and if … end',
      at,
    );
  }

  #statements(isEnd: () => boolean): Node {
    const items: Node[] = [];
    for (;;) {
      this.#scanner.match(/[\s;]*/y);
      if (isEnd()) break;
      items.push(this.#statement());
      this.#scanner.blanks();
      if (!/[;\n\r]/.test(this.#scanner.peek())) break;
    }
    if (items.length === 1) return items[0];
    return items.length === 0 ? nil : { kind: 'list', items };
  }

  #statement(): Node {
    let node = this.#words();
    for (;;) {
      this.#scanner.blanks();
      if (this.#scanner.word('if'))
        node = { kind: 'if', test: this.#words(), then: node, else: nil };
      else if (this.#scanner.word('unless')) {
        node = { kind: 'if', test: this.#words(), then: nil, else: node };
      } else if (this.#scanner.word('rescue')) {
        node = { kind: 'rescue', body: node, instead: this.#words() };
      } else return node;
    }
  }

  /** `and`, `or`, `not`: looser than all operators. */
  #words(): Node {
    let left = this.#notWord();
    for (;;) {
      this.#scanner.blanks();
      if (this.#scanner.word('and')) left = { kind: 'and', left, right: this.#notWord() };
      else if (this.#scanner.word('or')) left = { kind: 'or', left, right: this.#notWord() };
      else return left;
    }
  }

  #notWord(): Node {
    this.#scanner.blanks(true);
    return this.#scanner.word('not') ? { kind: 'not', value: this.#notWord() } : this.#expression();
  }

  #expression(): Node {
    if (++this.#depth > deepest) {
      throw this.#scanner.error('the expression is nested too deep', 'write it in several steps');
    }
    try {
      return this.#assignment() ?? this.#ternary();
    } finally {
      this.#depth -= 1;
    }
  }

  #assignment(): Node | undefined {
    const scanner = this.#scanner;
    scanner.blanks(true);
    const start = scanner.at;
    const name = scanner.match(/[a-z_]\w*(?=[ \t]*(?:\|\|)?=(?![=~>]))/y);
    if (name === undefined) return undefined;
    scanner.blanks();
    const keep = scanner.skip('||=');
    if (!keep) scanner.skip('=');
    if (this.#names.includes(name)) {
      throw scanner.error(`${name} cannot be set`, 'set a variable of another name', start);
    }
    const known = this.#locals.get(name);
    const value = this.#expression();
    const slot = known ?? this.#local(name);
    return { kind: 'assign', slot, value, keep: keep && known !== undefined };
  }

  #local(name: string): number {
    const slot = this.slots++;
    this.#locals.set(name, slot);
    return slot;
  }

  #ternary(): Node {
    const test = this.#range();
    const scanner = this.#scanner;
    const { at } = scanner;
    scanner.blanks(true);
    if (!scanner.skip('?')) {
      scanner.at = at;
      return test;
    }
    const then = this.#expression();
    scanner.blanks(true);
    if (!scanner.skip(':')) throw scanner.error('a ? b has no : c', 'write a ? b : c');
    return { kind: 'if', test, then, else: this.#expression() };
  }

  #range(): Node {
    const from = this.#logic('or');
    this.#scanner.blanks();
    const dots = this.#scanner.match(/\.\.\.?/y);
    if (dots === undefined) return from;
    this.#scanner.blanks();
    const to = /^[\])\s]?$/.test(this.#scanner.peek()) ? nil : this.#logic('or');
    return { kind: 'range', from, to, open: dots === '...' };
  }

  #logic(kind: 'or' | 'and'): Node {
    const next = (): Node => (kind === 'or' ? this.#logic('and') : this.#binary(0));
    let left = next();
    for (;;) {
      const { at } = this.#scanner;
      this.#scanner.blanks(true);
      if (!this.#scanner.match(kind === 'or' ? /\|\|(?!=)/y : /&&(?!=)/y)) {
        this.#scanner.at = at;
        return left;
      }
      left = { kind, left, right: next() };
    }
  }

  #binary(level: number): Node {
    if (level === operators.length) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      this.#scanner.blanks();
      const name = this.#scanner.match(operators[level]);
      if (name === undefined) return left;
      const right = this.#binary(level + 1);
      const negative = name === '!=' || name === '!~';
      const call = this.#call(left, negative ? (name === '!=' ? '==' : '=~') : name, [right]);
      left = negative ? { kind: 'not', value: call } : call;
    }
  }

  #call(receiver: Node, name: string, args: readonly Node[], block?: Block, safe = false): Node {
    return { kind: 'call', receiver, name, args, block, safe };
  }

  #unary(): Node {
    const scanner = this.#scanner;
    scanner.blanks(true);
    if (scanner.match(/!(?![=~])/y) !== undefined) return { kind: 'not', value: this.#unary() };
    if (scanner.peek() === '-' && !/\d/.test(scanner.peek(1))) {
      scanner.at += 1;
      return this.#call(this.#unary(), '-@', []);
    }
    const base = this.#postfix(this.#primary());
    scanner.blanks();
    return scanner.skip('**') ? this.#call(base, '**', [this.#unary()]) : base;
  }

  #postfix(first: Node): Node {
    const scanner = this.#scanner;
    let node = first;
    for (;;) {
      if (scanner.skip('[')) {
        node = this.#call(node, '[]', this.#args(']'));
        continue;
      }
      const { at } = scanner;
      scanner.blanks(true);
      const safe = scanner.skip('&.');
      if (!safe && scanner.match(/\.(?!\.)/y) === undefined) {
        scanner.at = at;
        return node;
      }
      scanner.blanks(true);
      const start = scanner.at;
      const name = scanner.match(/[A-Za-z_]\w*[?!]?/y);
      if (name === undefined) throw this.#unexpected();
      if (!isMethod(name)) throw this.#unknownMethod(name, start);
      const args = scanner.skip('(') ? this.#args(')') : [];
      const block = this.#block();
      node = this.#call(node, name, args, block, safe);
    }
  }

  #unknownMethod(name: string, at: number): Error {
    const near = didYouMean(name, methodNames());
    return this.#scanner.error(
      `the method ${name} is not supported`,
      near ?? 'the methods that are stand in the page of record_transformer',
      at,
    );
  }

  /** Arguments up to the closing character; `&:name` as the last one becomes a block. */
  #args(closing: string): Node[] {
    const scanner = this.#scanner;
    const args: Node[] = [];
    for (;;) {
      scanner.blanks(true);
      if (scanner.skip(closing)) return args;
      if (scanner.match(/&:(?=[a-z])/y) !== undefined) {
        const start = scanner.at;
        const name = scanner.match(/\w+[?!]?/y)!;
        if (!isMethod(name)) throw this.#unknownMethod(name, start);
        this.#symbolBlock = name;
      } else {
        const pair = this.#pairKey();
        const value = pair === undefined ? this.#statement() : undefined;
        scanner.blanks(true);
        if (value !== undefined && !scanner.skip('=>')) args.push(value);
        else args.push(this.#bareHash(pair ?? value!));
      }
      scanner.blanks(true);
      if (scanner.skip(',')) continue;
      if (scanner.skip(closing)) return args;
      throw this.#unexpected();
    }
  }

  /** A hash without braces, as the last argument. */
  #bareHash(first: Node): Node {
    const pairs: [Node, Node][] = [[first, this.#expression()]];
    for (;;) {
      const { at } = this.#scanner;
      this.#scanner.blanks(true);
      const more = this.#scanner.skip(',');
      this.#scanner.blanks(true);
      const key = more ? this.#pairKey() : undefined;
      if (key === undefined) {
        this.#scanner.at = at;
        return { kind: 'hash', pairs };
      }
      pairs.push([key, this.#expression()]);
    }
  }

  #symbolBlock: string | undefined;

  #block(): Block | undefined {
    const name = this.#symbolBlock;
    this.#symbolBlock = undefined;
    if (name !== undefined) {
      const slot = this.slots;
      this.slots += 1;
      const body = this.#call({ kind: 'local', slot }, name, []);
      return { slots: [slot], body };
    }
    const scanner = this.#scanner;
    const { at } = scanner;
    scanner.blanks();
    const braces = scanner.skip('{');
    if (!braces && !scanner.word('do')) {
      scanner.at = at;
      return undefined;
    }
    const outer = new Map(this.#locals);
    const slots: number[] = [];
    scanner.blanks(true);
    if (scanner.skip('|')) {
      do {
        scanner.blanks(true);
        const param = scanner.match(/[a-z_]\w*/y);
        if (param === undefined) throw this.#unexpected();
        slots.push(this.#local(param));
        scanner.blanks(true);
      } while (scanner.skip(','));
      if (!scanner.skip('|')) throw this.#unexpected();
    }
    const isEnd = (): boolean => (braces ? scanner.peek() === '}' : this.#ahead('end'));
    const body = this.#statements(isEnd);
    scanner.blanks(true);
    if (!(braces ? scanner.skip('}') : scanner.word('end'))) throw this.#unexpected();
    this.#locals = outer;
    return { slots, body };
  }

  #ahead(...words: string[]): boolean {
    const { at } = this.#scanner;
    const found = words.some((word) => this.#scanner.word(word));
    this.#scanner.at = at;
    return found;
  }

  #primary(): Node {
    const scanner = this.#scanner;
    scanner.blanks(true);
    const start = scanner.at;
    const number = scanner.match(/-?\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?/y);
    if (number !== undefined) return numberNode(number.replaceAll('_', ''));
    switch (scanner.peek()) {
      case '"':
        scanner.at += 1;
        return this.text('"');
      case "'":
        return { kind: 'value', value: this.#single() };
      case '%':
        return this.#percent();
      case '/':
        return this.#regexp();
      case '[':
        scanner.at += 1;
        return { kind: 'array', items: this.#args(']') };
      case '{':
        return this.#hash();
      case '(':
        return this.#parentheses();
      case ':':
        return this.#symbol();
    }
    if (scanner.word('if')) return this.#if(false);
    if (scanner.word('unless')) return this.#if(true);
    if (scanner.word('case')) return this.#case();
    for (const [word, value] of constants) if (scanner.word(word)) return { kind: 'value', value };
    const name = scanner.match(/[A-Za-z_]\w*(?:::[A-Z]\w*)*[?!]?/y);
    if (name === undefined) throw this.#unexpected();
    return this.#name(name, start);
  }

  #name(name: string, start: number): Node {
    const scanner = this.#scanner;
    const slot = this.#locals.get(name);
    if (slot !== undefined) return { kind: 'local', slot };
    if (this.#names.includes(name)) return { kind: 'name', name };
    if (classNames.has(name) && scanner.peek() !== '(') return { kind: 'value', value: name };
    const { at } = scanner;
    const method = /^[A-Z]/.test(name) ? scanner.match(/\.[a-z_]\w*[?!]?/y) : undefined;
    const whole = name + (method ?? '');
    const known = Object.hasOwn(functions, whole) ? functions[whole] : undefined;
    if (known !== undefined) {
      const args =
        scanner.skip('(') || (whole === 'ENV' && scanner.skip('['))
          ? this.#args(scanner.text.charAt(scanner.at - 1) === '[' ? ']' : ')')
          : [];
      if (args.length < known.least || args.length > known.most) {
        throw scanner.error(
          `${whole} does not take ${args.length} ${args.length === 1 ? 'argument' : 'arguments'}`,
          known.usage,
          start,
        );
      }
      return { kind: 'function', name: whole, args };
    }
    scanner.at = at;
    const all = [...this.#names, ...functionNames];
    const near = didYouMean(whole, all);
    // A name alone was a field in the first versions of the filter: Ruby fails at each event.
    const isBare = /^[a-z_]\w*$/.test(name) && !/[({[]/.test(scanner.peek());
    if (near === undefined && isBare && !foreignWords.has(name)) {
      this.unknown.add(name);
      return { kind: 'unknown', name };
    }
    const hint = near ?? `names are ${this.#names.join(', ')}`;
    const reason = foreignWords.has(name)
      ? `${name} is not for expressions`
      : `unknown name ${whole}`;
    throw scanner.error(reason, foreignWords.has(name) ? whatElse(this.#names) : hint, start);
  }

  #parentheses(): Node {
    const scanner = this.#scanner;
    scanner.at += 1;
    const node = this.#statements(() => scanner.peek() === ')');
    scanner.blanks(true);
    if (!scanner.skip(')')) throw this.#unexpected();
    return node;
  }

  #if(negative: boolean): Node {
    const scanner = this.#scanner;
    const test = this.#words();
    scanner.match(/\s*(?:;\s*)?/y);
    scanner.word('then');
    const isEnd = (): boolean => this.#ahead('end', 'else', 'elsif');
    const then = this.#statements(isEnd);
    scanner.blanks(true);
    let otherwise: Node = nil;
    if (scanner.word('elsif')) otherwise = this.#if(false);
    else {
      if (scanner.word('else')) otherwise = this.#statements(isEnd);
      scanner.blanks(true);
      if (!scanner.word('end'))
        throw scanner.error('if has no end', 'write if a then b else c end');
    }
    return negative
      ? { kind: 'if', test, then: otherwise, else: then }
      : { kind: 'if', test, then, else: otherwise };
  }

  #case(): Node {
    const scanner = this.#scanner;
    const subject = this.#words();
    const whens: [Node[], Node][] = [];
    const isEnd = (): boolean => this.#ahead('end', 'else', 'when');
    scanner.match(/[\s;]*/y);
    while (scanner.word('when')) {
      const tests: Node[] = [];
      do {
        tests.push(this.#expression());
        scanner.blanks();
      } while (scanner.skip(','));
      scanner.match(/\s*(?:;\s*)?/y);
      scanner.word('then');
      whens.push([tests, this.#statements(isEnd)]);
      scanner.match(/[\s;]*/y);
    }
    const otherwise = scanner.word('else') ? this.#statements(isEnd) : nil;
    scanner.match(/[\s;]*/y);
    if (whens.length === 0 || !scanner.word('end')) {
      throw scanner.error('case has no end', 'write case a when b then c else d end');
    }
    return { kind: 'case', subject, whens, else: otherwise };
  }

  #hash(): Node {
    const scanner = this.#scanner;
    scanner.at += 1;
    const pairs: [Node, Node][] = [];
    for (;;) {
      scanner.blanks(true);
      if (scanner.skip('}')) break;
      const key = this.#pairKey() ?? this.#arrowKey();
      pairs.push([key, this.#expression()]);
      scanner.blanks(true);
      if (scanner.skip(',')) continue;
      if (scanner.skip('}')) break;
      throw this.#unexpected();
    }
    return { kind: 'hash', pairs };
  }

  /** `name:` or `"name":`, which are symbols. */
  #pairKey(): Node | undefined {
    const scanner = this.#scanner;
    const name = scanner.match(/[A-Za-z_]\w*[?!]?:(?!:)(?=\s)|"[^"\\#]*":(?!:)|'[^'\\]*':(?!:)/y);
    if (name === undefined) return undefined;
    return { kind: 'symbol', name: name.slice(0, -1).replace(/^(["'])(.*)\1$/, '$2') };
  }

  #arrowKey(): Node {
    const key = this.#expression();
    this.#scanner.blanks(true);
    if (!this.#scanner.skip('=>')) throw this.#unexpected();
    return key;
  }

  #symbol(): Node {
    const scanner = this.#scanner;
    const name = scanner.match(/:(?:[A-Za-z_]\w*[?!]?|"[^"\\#]*")/y);
    if (name === undefined) throw this.#unexpected();
    return { kind: 'symbol', name: name.slice(1).replace(/^"(.*)"$/, '$1') };
  }

  #single(): string {
    const scanner = this.#scanner;
    const start = scanner.at;
    scanner.at += 1;
    let value = '';
    while (!scanner.skip("'")) {
      const character = scanner.peek();
      if (character === '') throw scanner.error('the text has no end', "add a '", start);
      scanner.at += 1;
      if (character === '\\' && /['\\]/.test(scanner.peek())) {
        value += scanner.peek();
        scanner.at += 1;
      } else value += character;
    }
    return value;
  }

  #percent(): Node {
    const scanner = this.#scanner;
    const head = scanner.match(/%[wqQ]?[[({<|!]/y);
    if (head === undefined) throw this.#unexpected();
    const opening = head.slice(-1);
    const closing = closers[opening] ?? opening;
    if (head.startsWith('%w')) {
      const start = scanner.at;
      const end = scanner.text.indexOf(closing, start);
      if (end < 0 || end >= scanner.end) throw this.#unexpected(start);
      scanner.at = end + 1;
      const words = scanner.text
        .slice(start, end)
        .split(/\s+/)
        .filter((word) => word !== '');
      return { kind: 'array', items: words.map((value) => ({ kind: 'value', value })) };
    }
    if (head.startsWith('%q')) {
      const start = scanner.at;
      const end = scanner.text.indexOf(closing, start);
      if (end < 0 || end >= scanner.end) throw this.#unexpected(start);
      scanner.at = end + 1;
      return { kind: 'value', value: scanner.text.slice(start, end) };
    }
    return this.text(closing, opening);
  }

  /** The rest of a text with escapes and `#{…}`, up to its closing character. */
  text(closing: string, opening = closing): Node {
    const scanner = this.#scanner;
    const start = scanner.at;
    const parts: (string | Node)[] = [];
    let plain = '';
    let nested = 0;
    for (;;) {
      const character = scanner.peek();
      if (character === '') {
        throw scanner.error('the text has no end', `add a ${closing}`, start);
      }
      scanner.at += 1;
      if (character === closing && nested === 0) break;
      if (character === '\\') plain += scanner.escape();
      else if (character === '#' && scanner.skip('{')) {
        if (plain !== '') parts.push(plain);
        plain = '';
        parts.push(this.#inner());
      } else {
        if (opening !== closing && character === opening) nested += 1;
        if (opening !== closing && character === closing) nested -= 1;
        plain += character;
      }
    }
    if (parts.length === 0) return { kind: 'value', value: plain };
    if (plain !== '') parts.push(plain);
    return { kind: 'text', parts };
  }

  #inner(): Node {
    if (++this.#depth > deepest) {
      throw this.#scanner.error('the expression is nested too deep', 'write it in several steps');
    }
    const node = this.untilBrace();
    this.#depth -= 1;
    return node;
  }

  #regexp(): Node {
    const scanner = this.#scanner;
    const start = scanner.at;
    const source = scanner.match(/\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])*\/[a-z]*/y);
    if (source === undefined) {
      throw scanner.error('the regular expression has no end', 'add a /', start);
    }
    if (/(?<!\\)#\{/.test(source)) {
      throw scanner.error('#{…} in a regular expression is not supported', 'write the text', start);
    }
    const read = t.regexp().read(source);
    if (!read.ok) throw scanner.error(read.message, 'write it otherwise', start);
    return { kind: 'regexp', regexp: read.value };
  }
}

/** Classes that `is_a?` and `case` ask for. */
const classNames: ReadonlySet<string> = new Set([
  ...['String', 'Integer', 'Float', 'Numeric', 'Array', 'Hash', 'NilClass', 'TrueClass'],
  ...['FalseClass', 'Symbol', 'Object', 'Comparable', 'Enumerable'],
]);

const constants: readonly (readonly [string, null | boolean])[] = [
  ['nil', null],
  ['true', true],
  ['false', false],
];

function numberNode(text: string): Node {
  return { kind: 'value', value: /^-?\d+$/.test(text) ? BigInt(text) : Number(text) };
}

function whatElse(names: readonly string[]): string {
  return `no code is run here: use ${names.join(', ')} and their methods`;
}
