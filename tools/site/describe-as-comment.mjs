/**
 * Docstrings for what is inferred from a value: the parameters of a section, each described by
 * `.describe('…')`, its sections, and the fields of tables that `satisfy` an interface.
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
  if (declaration === undefined) return;
  const { initializer } = declaration;
  const text =
    describedBy(initializer, context.checker) ??
    (ts.isObjectLiteralExpression(initializer)
      ? descriptionIn(initializer, context.checker)
      : undefined) ??
    fromInterface(declaration, context.checker);
  if (text !== undefined) reflection.comment = new Comment([{ kind: 'text', text }]);
}

/** The text of the first `.describe` in a chain of calls, or else what is said of an old parameter. */
function describedBy(expression, checker) {
  let text;
  let old;
  const visit = (node) => {
    if (text !== undefined) return;
    if (ts.isObjectLiteralExpression(node)) old ??= oldParameter(node, checker);
    if (!ts.isCallExpression(node)) return;
    const { expression: callee } = node;
    if (ts.isPropertyAccessExpression(callee)) {
      const [first] = node.arguments;
      if (callee.name.text === 'describe' && first !== undefined) text = textOf(first, checker);
      else visit(callee.expression);
    }
    for (const argument of node.arguments) visit(argument);
  };
  visit(expression);
  return text ?? old;
}

/** `deprecated` and `obsoleted` of a parameter say what to do in its place. */
function oldParameter(object, checker) {
  for (const [name, words] of [
    ['deprecated', 'Deprecated'],
    ['obsoleted', 'No longer works'],
  ]) {
    const value = propertyOf(object, name);
    if (value !== undefined) return `${words}: ${textOf(value, checker) ?? 'see the message'}.`;
  }
  return undefined;
}

/** The `description` of an object, or of the section that its `section` names. */
function descriptionIn(object, checker) {
  const own = propertyOf(object, 'description');
  if (own !== undefined) return textOf(own, checker);
  const section = propertyOf(object, 'section');
  if (section === undefined || !ts.isIdentifier(section)) return undefined;
  const symbol = target(checker.getSymbolAtLocation(section), checker);
  const call = symbol?.valueDeclaration?.initializer;
  const schema = call && ts.isCallExpression(call) ? call.arguments[0] : undefined;
  const described =
    schema && ts.isObjectLiteralExpression(schema) ? propertyOf(schema, 'description') : undefined;
  return (described && textOf(described, checker)) ?? documentationOf(symbol, checker);
}

/** What the interface that an object has to satisfy says of its field. */
function fromInterface(declaration, checker) {
  const type = checker.getContextualType(declaration.parent);
  const types = type?.isUnion() ? type.types : [type];
  const texts = types.map((each) =>
    documentationOf(each?.getProperty(declaration.name.text), checker),
  );
  return texts.find((text) => text !== undefined);
}

function documentationOf(symbol, checker) {
  const text = ts.displayPartsToString(symbol?.getDocumentationComment(checker));
  // A link leads from where it is written only.
  return text === '' ? undefined : text.replace(/\{@link ([^}]+)\}/g, '`$1`');
}

function target(symbol, checker) {
  return symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function propertyOf(object, name) {
  const found = object.properties.find(
    (property) => ts.isPropertyAssignment(property) && property.name.getText() === name,
  );
  return found?.initializer;
}

/** What is known of a text without running anything: a literal, some that are added up, a constant. */
function textOf(node, checker) {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    const parts = node.templateSpans.map(({ expression, literal }) => {
      const value = textOf(expression, checker);
      return value === undefined ? undefined : value + literal.text;
    });
    return parts.includes(undefined) ? undefined : node.head.text + parts.join('');
  }
  if (ts.isBinaryExpression(node)) {
    const [left, right] = [textOf(node.left, checker), textOf(node.right, checker)];
    return left === undefined || right === undefined ? undefined : left + right;
  }
  const type = checker.getTypeAtLocation(node);
  return type.isStringLiteral() ? type.value : undefined;
}
