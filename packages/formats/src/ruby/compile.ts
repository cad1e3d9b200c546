import { Evaluation, dependsOnlyOn } from './evaluate.js';
import { RubyError } from './errors.js';
import { Parser } from './parser.js';
import type { Node } from './nodes.js';
import { Runtime } from './runtime.js';
import { endOfText, Scanner } from './scanner.js';
import type { Value } from './values.js';

/** An expression that has been read. */
export interface Expression {
  /** As it is written. */
  readonly source: string;
  /**
   * Bare names, such as `level`, that it may not use. As in Ruby, they are errors where they are
   * evaluated, and not before.
   */
  readonly unknownNames: readonly string[];
  /**
   * Whether its value is the same as long as these names have the same values.
   *
   * @param names bare names, such as `tag`
   */
  dependsOnlyOn: (names: readonly string[]) => boolean;
  /**
   * @param names gives the value of each bare name, when it is needed
   * @throws RubyError for what is an error in Ruby, too
   */
  evaluate: (names: (name: string) => Value) => Value;
}

/** No expression is longer. */
const longest = 16_384;

function expression(source: string, node: Node, { slots, unknown }: Parser): Expression {
  const runtime = new Runtime();
  return {
    source,
    unknownNames: [...unknown],
    dependsOnlyOn: (names) => dependsOnlyOn(node, new Set(names)),
    evaluate: (names) => {
      runtime.begin();
      try {
        return new Evaluation(runtime, names, slots).value(node);
      } catch (error) {
        if (error instanceof RubyError) throw error;
        // An argument that is not there, a stack that is too deep: nobody wrote it so on purpose.
        if (error instanceof TypeError || error instanceof RangeError) {
          throw new RubyError(`wrong arguments in ${source}`, { cause: error });
        }
        throw error;
      }
    },
  };
}

function parserOf(source: string, names: readonly string[]): Parser {
  const text = new Scanner(source, 0, source.length);
  if (source.length > longest) throw text.error('the expression is too long', 'write it in parts');
  return new Parser(text, names);
}

/**
 * Reads an expression of Ruby. Nothing is run as code: what is understood is interpreted, and all
 * else is refused.
 *
 * @param names the bare names that it may use
 * @throws RubySyntaxError
 */
export function compileRuby(source: string, names: readonly string[]): Expression {
  const parser = parserOf(source, names);
  const node = parser.program();
  return expression(source, node, parser);
}

/**
 * Reads a text with `#{…}` in it, as Ruby reads one in double quotes; its value is a text.
 *
 * @param names the bare names that it may use
 * @throws RubySyntaxError
 */
export function compileRubyText(source: string, names: readonly string[]): Expression {
  const parser = parserOf(`${source}${endOfText}`, names);
  const node = parser.text(endOfText);
  return expression(source, node, parser);
}
