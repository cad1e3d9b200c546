/** Finds the fenced code blocks of a Markdown file, and runs them, so that tests can hold them. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';

const run = promisify(execFile);

/**
 * @param {string | URL} file
 * @returns {{ lang: string; code: string; line: number }[]} in the order of the text; `line` is
 *   1-based and that of the first line of code
 */
export function readmeExamples(file) {
  const examples = [];
  /** @type {{ lang: string; line: number; lines: string[] } | undefined} */
  let open;
  for (const [index, text] of readFileSync(file, 'utf8').split('\n').entries()) {
    const fence = /^```(\S*)/.exec(text);
    if (fence === null) {
      open?.lines.push(text);
    } else if (open === undefined) {
      open = { lang: fence[1] ?? '', line: index + 2, lines: [] };
    } else {
      examples.push({ lang: open.lang, line: open.line, code: open.lines.join('\n') + '\n' });
      open = undefined;
    }
  }
  return examples;
}

/**
 * What the examples of a README print, as its own `text` blocks say; those that begin with `<` show
 * a configuration.
 *
 * @param {URL} readme
 * @returns {string[]} without the line end at the end
 */
export function promisedOutputs(readme) {
  return readmeExamples(readme)
    .filter(({ lang, code }) => lang === 'text' && !code.startsWith('<'))
    .map(({ code }) => code.trimEnd());
}

/**
 * Compiles each `ts` block as a strict program of its own.
 *
 * @param {URL} readme
 * @param {string} folder inside of the package, so that its imports resolve as a user's would
 */
function checkTypes(readme, folder) {
  const examples = readmeExamples(readme).filter(({ lang }) => lang === 'ts');
  const files = examples.map(({ code, line }) => {
    const file = path.join(folder, `line-${line}.mts`);
    writeFileSync(file, code);
    return file;
  });
  if (files.length === 0) return;
  const program = ts.createProgram(files, {
    strict: true,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    types: ['node'],
    noEmit: true,
    skipLibCheck: true,
  });
  for (const [index, file] of files.entries()) {
    const [first] = ts.getPreEmitDiagnostics(program, program.getSourceFile(file));
    if (first === undefined) continue;
    const inside = first.file?.getLineAndCharacterOfPosition(first.start ?? 0).line ?? 0;
    const text = ts.flattenDiagnosticMessageText(first.messageText, '\n');
    const line = (examples[index]?.line ?? 0) + inside;
    throw new Error(`${fileURLToPath(readme)}:${line} does not compile: ${text}`);
  }
}

/**
 * Runs each `js` and `ts` block as a program of its own, against the built packages, in a folder
 * inside of the package so that its imports resolve as a user's would.
 *
 * @param {URL} readme
 * `ts` blocks are compiled strictly first.
 *
 * @returns {Promise<string[]>} what each printed on standard output; rejects, with the line of the
 *   README, where one does not compile or fails
 */
export async function runReadmeExamples(readme) {
  const folder = path.join(path.dirname(fileURLToPath(readme)), 'out', `readme-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  try {
    checkTypes(readme, folder);
    const outputs = [];
    for (const { lang, code, line } of readmeExamples(readme)) {
      if (lang !== 'js' && lang !== 'ts') continue;
      const file = path.join(folder, `line-${line}.mjs`);
      const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
      writeFileSync(file, lang === 'ts' ? ts.transpile(code, compilerOptions) : code);
      try {
        outputs.push(
          (await run(process.execPath, [file], { cwd: folder, timeout: 20_000 })).stdout,
        );
      } catch (error) {
        throw new Error(`the example at line ${line} of ${fileURLToPath(readme)} failed`, {
          cause: error,
        });
      }
    }
    return outputs;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
