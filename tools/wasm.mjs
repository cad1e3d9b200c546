/**
 * Assembles the WebAssembly of packages, after a change of a `.wat` file:
 *
 *   node tools/wasm.mjs [--check]
 *
 * writes what `x.wat` says as base64 into `x-wasm.ts` beside it, which is committed, so that a build
 * needs no assembler. With `--check` it writes nothing, and fails where a file is not up to date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import initialize from 'wabt';
import { root } from './workspace.mjs';

const sources = ['packages/event-stream/src/wasm/json-lines.wat'];
const check = process.argv.includes('--check');
const wabt = await initialize();

/**
 * The module that exports what a `.wat` file says.
 *
 * @param {string} source
 */
export function assembled(source) {
  const parsed = wabt.parseWat(path.basename(source), readFileSync(source), { simd: true });
  try {
    parsed.validate();
    const { buffer } = parsed.toBinary({});
    const lines =
      Buffer.from(buffer)
        .toString('base64')
        .match(/.{1,96}/g) ?? [];
    return `// Made of ${path.basename(source)} by \`node tools/wasm.mjs\`: do not edit.
export const base64 = [
${lines.map((line) => `  '${line}',`).join('\n')}
].join('');
`;
  } finally {
    parsed.destroy();
  }
}

for (const name of sources) {
  const source = path.join(root, name);
  const target = source.replace(/\.wat$/, '-wasm.ts');
  const text = assembled(source);
  if (!check) writeFileSync(target, text);
  else if (readFileSync(target, 'utf8') !== text) {
    console.error(`${path.relative(root, target)} is not up to date: run node tools/wasm.mjs`);
    process.exitCode = 1;
  }
}
