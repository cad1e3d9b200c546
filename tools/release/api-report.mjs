/**
 * `npm run api`: writes the public face of each package into `api/NAME.api.md`, from the declarations
 * that were built, so that a change of it shows in review. With `--check` it only looks, and fails where
 * something has changed.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { root } from '../workspace.mjs';
import { publishedPackages } from './packages.mjs';

const folder = path.join(root, 'api');
const printer = ts.createPrinter({ removeComments: true });

/**
 * The declarations of what can be imported.
 *
 * @param {import('./packages.mjs').Manifest} manifest
 * @returns {[specifier: string, file: string][]}
 */
function entriesOf({ name, exports }) {
  return Object.entries(exports).flatMap(([subpath, entry]) =>
    typeof entry === 'string' || entry.types === undefined
      ? []
      : [/** @type {[string, string]} */ ([name + subpath.slice(1), entry.types])],
  );
}

/**
 * The texts of a union in their alphabet: the compiler writes them as it met them, which differs
 * between a first build and a later one.
 *
 * @param {ts.UnionTypeNode} node
 * @param {ts.NodeFactory} factory
 */
function sortedUnion(node, factory) {
  const isText = (/** @type {ts.TypeNode} */ type) =>
    ts.isLiteralTypeNode(type) && ts.isStringLiteral(type.literal);
  const textOf = (/** @type {ts.TypeNode} */ type) => type.getText();
  const texts = node.types.filter(isText).sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
  return factory.createUnionTypeNode(
    node.types.map((type) => (isText(type) ? (texts.shift() ?? type) : type)),
  );
}

/** A declaration without what is nobody's business: private members, bodies, `declare`. */
const publicPart = (/** @type {ts.TransformationContext} */ context) => {
  /** @type {ts.Visitor} */
  const visit = (node) => {
    if (ts.isClassElement(node)) {
      const flags = ts.getCombinedModifierFlags(node);
      const hidden = node.name !== undefined && ts.isPrivateIdentifier(node.name);
      if (hidden || (flags & ts.ModifierFlags.Private) !== 0) return undefined;
    }
    if (node.kind === ts.SyntaxKind.DeclareKeyword) return undefined;
    if (node.kind === ts.SyntaxKind.ExportKeyword) return undefined;
    if (ts.isUnionTypeNode(node)) {
      return ts.visitEachChild(sortedUnion(node, context.factory), visit, context);
    }
    return ts.visitEachChild(node, visit, context);
  };
  return (/** @type {ts.Node} */ node) => ts.visitEachChild(node, visit, context);
};

/** @param {ts.Declaration} declaration */
function textOf(declaration) {
  // A variable alone has no `const`.
  const whole = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  const { transformed } = ts.transform(/** @type {ts.Node} */ (whole), [publicPart]);
  const [node] = transformed;
  if (node === undefined) throw new Error('nothing is left of a declaration');
  return printer.printNode(ts.EmitHint.Unspecified, node, whole.getSourceFile());
}

/**
 * @param {ts.Program} program
 * @param {string} file the declarations of an entry
 * @param {string} own the package's folder: what stands elsewhere has a report of its own
 */
function faceOf(program, file, own) {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${file} is not built: npm run build`);
  const resolved = (/** @type {ts.Symbol} */ symbol) =>
    (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
  const isOwn = (/** @type {ts.Declaration} */ declaration) =>
    declaration.getSourceFile().fileName.startsWith(`${own}${path.sep}`);

  /** @type {Map<ts.Symbol, string>} */
  const exported = new Map();
  /** @type {string[]} */
  const texts = [];
  const byName = (/** @type {ts.Symbol} */ a, /** @type {ts.Symbol} */ b) =>
    a.name < b.name ? -1 : 1;
  for (const symbol of checker.getExportsOfModule(module).sort(byName)) {
    exported.set(resolved(symbol), symbol.name);
  }
  /** @type {ts.Symbol[]} */
  const queue = [];
  /** @type {Set<ts.Symbol>} */
  const seen = new Set(exported.keys());
  /** Finds what a declaration stands on. */
  const follow = (/** @type {ts.Node} */ node) => {
    if (ts.isIdentifier(node)) {
      const found = checker.getSymbolAtLocation(node);
      const symbol = found && resolved(found);
      const declarations = symbol?.declarations ?? [];
      const counts = declarations.some(
        (one) =>
          (ts.isInterfaceDeclaration(one) ||
            ts.isTypeAliasDeclaration(one) ||
            ts.isClassDeclaration(one) ||
            ts.isEnumDeclaration(one) ||
            ts.isVariableDeclaration(one)) &&
          isOwn(one),
      );
      if (symbol !== undefined && counts && !seen.has(symbol)) {
        seen.add(symbol);
        queue.push(symbol);
      }
    }
    const hidden =
      ts.isClassElement(node) &&
      (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) !== 0;
    if (!hidden) ts.forEachChild(node, follow);
  };
  for (const [symbol, name] of exported) {
    const declarations = symbol.declarations ?? [];
    const foreign = declarations.filter((one) => !isOwn(one));
    if (foreign.length > 0) texts.push(`export { ${name} }; // of another package`);
    for (const declaration of declarations.filter(isOwn)) {
      const alias = symbol.name === name ? '' : `// as ${name}\n`;
      texts.push(`${alias}export ${textOf(declaration)}`);
      follow(declaration);
    }
  }
  /** @type {[string, string][]} */
  const inner = [];
  for (let symbol = queue.shift(); symbol !== undefined; symbol = queue.shift()) {
    for (const declaration of symbol.declarations ?? []) {
      inner.push([symbol.name, textOf(declaration)]);
      follow(declaration);
    }
  }
  inner.sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1));
  const used =
    inner.length === 0
      ? []
      : ['// Not exported, but used above:', ...inner.map(([, text]) => text)];
  return [...texts, ...used].join('\n\n');
}

/** @returns {Map<string, string>} the report of each package, by its file */
function reports() {
  const packages = publishedPackages();
  const files = packages.flatMap(({ folder: place, manifest }) =>
    entriesOf(manifest).map(([, file]) => path.join(place, file)),
  );
  const missing = files.find((file) => !existsSync(file));
  if (missing !== undefined) throw new Error(`${missing} is not built: npm run build`);
  const program = ts.createProgram(files, {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    types: ['node'],
    noEmit: true,
    skipLibCheck: true,
  });
  return new Map(
    packages.map(({ folder: place, manifest }) => {
      const faces = entriesOf(manifest).map(([specifier, file]) => {
        const face = faceOf(program, path.join(place, file), place);
        return `## ${specifier}\n\n\`\`\`ts\n${face}\n\`\`\`\n`;
      });
      const head = `# ${manifest.name}\n\nThe public face. Written by \`npm run api\`.\n`;
      const name = manifest.name.replace('@sluice/', '');
      return [`${name}.api.md`, [head, ...faces].join('\n')];
    }),
  );
}

/** @param {boolean} check only look */
function main(check) {
  const wanted = reports();
  const there = existsSync(folder) ? readdirSync(folder) : [];
  const old = there.filter((file) => !wanted.has(file));
  const changed = [...wanted].filter(([file, text]) => {
    const place = path.join(folder, file);
    return !existsSync(place) || readFileSync(place, 'utf8') !== text;
  });
  const names = [...old, ...changed.map(([file]) => file)].map((file) => `api/${file}`);
  if (check) {
    if (names.length === 0) return;
    console.error(`Public faces have changed; "npm run api" writes them:\n  ${names.join('\n  ')}`);
    process.exitCode = 1;
    return;
  }
  mkdirSync(folder, { recursive: true });
  for (const file of old) rmSync(path.join(folder, file));
  for (const [file, text] of changed) writeFileSync(path.join(folder, file), text);
  console.log(names.length === 0 ? 'No public face has changed.' : `Written: ${names.join(', ')}`);
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  main(process.argv.includes('--check'));
}
