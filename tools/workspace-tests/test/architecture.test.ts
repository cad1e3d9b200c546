import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { root, toolScript } from '../../workspace.mjs';

const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-graph-'));
afterAll(() => rmSync(folder, { recursive: true }));

const short = (name: string) => name.replace('@sluice/', '');

/** The arrows that docs/architecture.md promises. */
function documentedArrows(): Record<string, string[]> {
  const page = readFileSync(path.join(root, 'docs/architecture.md'), 'utf8');
  const block = /<!-- arrows[^]*?```text\n([^]*?)```/.exec(page)?.[1] ?? '';
  const arrows: Record<string, string[]> = {};
  for (const line of block.trim().split('\n')) {
    const [from = '', to = ''] = line.split('->');
    arrows[from.trim()] = to.trim().split(/\s+/);
  }
  return arrows;
}

test('the project graph has exactly the arrows of the architecture page', () => {
  const file = path.join(folder, 'graph.json');
  execFileSync(process.execPath, [toolScript('nx', 'dist/bin/nx.js'), 'graph', `--file=${file}`], {
    cwd: root,
    stdio: 'ignore',
  });
  const { dependencies } = (
    JSON.parse(readFileSync(file, 'utf8')) as {
      graph: { dependencies: Record<string, { target: string }[]> };
    }
  ).graph;
  const found = Object.fromEntries(
    Object.entries(dependencies)
      .map(
        ([from, to]) => [short(from), [...new Set(to.map((d) => short(d.target)))].sort()] as const,
      )
      .filter(([, to]) => to.length > 0),
  );
  expect(found).toEqual(documentedArrows());
}, 60_000);

test('lint refuses an import from a layer above', () => {
  const file = path.join(root, 'packages/event-stream/src/index.ts');
  const result = spawnSync(
    process.execPath,
    [
      toolScript('eslint', 'bin/eslint.js'),
      '--stdin',
      '--stdin-filename',
      file,
      '--rule',
      '{"@nx/enforce-module-boundaries": "error"}',
    ],
    { cwd: root, input: "import '@sluice/server';\nexport {};\n", encoding: 'utf8' },
  );
  expect(result.stdout).toContain('cannot depend on any libs with tags');
  expect(result.status).toBe(1);
}, 60_000);
