/**
 * The type of a section's values is inferred from its schema, where each parameter is described by
 * `.describe('…')`: that text is its docstring.
 */
import { Comment } from 'typedoc';
import ts from 'typescript';

/**
 * @param {import('typedoc').Context} context
 * @param {import('typedoc').DeclarationReflection} reflection one that has just been made
 */
export function documentSectionParameters(context, reflection) {
  if (reflection.comment !== undefined) return;
  const symbol = context.getSymbolFromReflection(reflection);
  const declaration = symbol?.declarations?.find(ts.isPropertyAssignment);
  const text = declaration && describedBy(declaration.initializer);
  if (text !== undefined) reflection.comment = new Comment([{ kind: 'text', text }]);
}

/** The text of the `.describe` in a chain of calls, or of `description` in a section's own schema. */
function describedBy(expression) {
  let text;
  const visit = (node) => {
    if (text !== undefined || !ts.isCallExpression(node)) return;
    const { expression: callee } = node;
    if (ts.isPropertyAccessExpression(callee)) {
      const [first] = node.arguments;
      if (callee.name.text === 'describe' && first !== undefined) text = textOf(first);
      else visit(callee.expression);
    }
    for (const argument of node.arguments) visit(argument);
  };
  visit(expression);
  return text;
}

/** A string literal, or some that are added up. */
function textOf(node) {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isBinaryExpression(node)) return undefined;
  const [left, right] = [textOf(node.left), textOf(node.right)];
  return left === undefined || right === undefined ? undefined : left + right;
}
