import { RubyError } from './errors.js';
import { changing, functions } from './functions.js';
import { callMethod } from './methods/index.js';
import { matches } from './methods/objects.js';
import type { Node } from './nodes.js';
import type { Runtime } from './runtime.js';
import { bounded, isTrue, RubyRange, RubySymbol, type Value } from './values.js';

/** Evaluates an expression for one event. */
export class Evaluation {
  readonly #runtime: Runtime;
  readonly #locals: Value[];

  constructor(
    runtime: Runtime,
    private readonly names: (name: string) => Value,
    slots: number,
  ) {
    this.#runtime = runtime;
    this.#locals = new Array<Value>(slots).fill(null);
  }

  value(node: Node): Value {
    switch (node.kind) {
      case 'value':
        return node.value;
      case 'text':
        return bounded(
          node.parts
            .map((part) => (typeof part === 'string' ? part : this.#runtime.text(this.value(part))))
            .join(''),
        );
      case 'symbol':
        return RubySymbol.of(node.name);
      case 'regexp':
        return node.regexp;
      case 'array':
        return node.items.map((item) => this.value(item));
      case 'hash':
        return new Map(node.pairs.map(([key, value]) => [this.value(key), this.value(value)]));
      case 'name':
        return this.names(node.name);
      case 'unknown':
        throw new RubyError(`undefined name ${node.name}`);
      case 'local':
        return this.#locals[node.slot];
      case 'assign': {
        const known = this.#locals[node.slot];
        if (node.keep && isTrue(known)) return known;
        return (this.#locals[node.slot] = this.value(node.value));
      }
      case 'range':
        return new RubyRange(this.value(node.from), this.value(node.to), node.open);
      case 'not':
        return !isTrue(this.value(node.value));
      case 'and': {
        const left = this.value(node.left);
        return isTrue(left) ? this.value(node.right) : left;
      }
      case 'or': {
        const left = this.value(node.left);
        return isTrue(left) ? left : this.value(node.right);
      }
      case 'if':
        return this.value(isTrue(this.value(node.test)) ? node.then : node.else);
      case 'case':
        return this.#case(node);
      case 'rescue':
        try {
          return this.value(node.body);
        } catch (error) {
          if (!(error instanceof RubyError)) throw error;
          return this.value(node.instead);
        }
      case 'list': {
        let last: Value = null;
        for (const item of node.items) last = this.value(item);
        return last;
      }
      case 'function':
        this.#runtime.count();
        return functions[node.name]!.call(
          this.#runtime,
          node.args.map((arg) => this.value(arg)),
        );
      case 'call':
        return this.#call(node);
    }
  }

  #case({ subject, whens, else: otherwise }: Extract<Node, { kind: 'case' }>): Value {
    const value = this.value(subject);
    for (const [tests, body] of whens) {
      if (tests.some((test) => matches(this.value(test), value))) return this.value(body);
    }
    return this.value(otherwise);
  }

  #call({ receiver, name, args, block, safe }: Extract<Node, { kind: 'call' }>): Value {
    const value = this.value(receiver);
    if (safe && value === null) return null;
    const given = args.map((arg) => this.value(arg));
    const call =
      block &&
      ((...items: Value[]): Value => {
        this.#runtime.count();
        // A list is taken apart where the block has several parameters.
        const [only] = items;
        const spread =
          block.slots.length > 1 && items.length === 1 && Array.isArray(only) ? only : items;
        // A pair is one item where it has one.
        const single = block.slots.length === 1 && items.length > 1;
        for (const [index, slot] of block.slots.entries()) {
          this.#locals[slot] = single ? items : (spread.at(index) ?? null);
        }
        return this.value(block.body);
      });
    return callMethod(value, name, given, this.#runtime, call);
  }
}

/** Whether an expression has the same value as long as these names have the same values. */
export function dependsOnlyOn(node: Node, names: ReadonlySet<string>): boolean {
  if (node.kind === 'name') return names.has(node.name);
  if (node.kind === 'function' && changing.has(node.name)) return false;
  return Object.values(node).every((part) => everyNode(part, names));
}

function everyNode(part: unknown, names: ReadonlySet<string>): boolean {
  if (Array.isArray(part)) return part.every((item) => everyNode(item, names));
  if (typeof part !== 'object' || part === null || part instanceof RegExp) return true;
  if ('kind' in part) return dependsOnlyOn(part as Node, names);
  return 'body' in part ? dependsOnlyOn(part.body as Node, names) : true;
}
