import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createProject, kinds, languages } from '../src/index.js';

const cases = kinds.flatMap((kind) => languages.map((language) => [kind, language] as const));

// That they compile, pass their tests and run is held by tools/workspace-tests.
test.each(cases)('%s in %s: every template is filled', (kind, language) => {
  const parent = mkdtempSync(path.join(os.tmpdir(), 'sluice-create-'));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  const folder = createProject({ type: 'my_thing', kind, language, in: parent });
  expect(folder).toBe(path.join(parent, 'sluice-plugin-my_thing'));
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  expect(files.map(({ name }) => name).sort()).toEqual(
    [
      '.gitignore',
      'README.md',
      'example.conf',
      `index.${language}`,
      'package.json',
      `plugin.test.${language}`,
      ...(language === 'ts' ? ['tsconfig.json'] : []),
    ].sort(),
  );
  for (const { parentPath, name } of files) {
    expect(readFileSync(path.join(parentPath, name), 'utf8')).not.toMatch(/[«»]|\{\{/);
  }
  expect(readFileSync(path.join(folder, `src/index.${language}`), 'utf8')).toContain(
    `class MyThing${kind[0].toUpperCase()}${kind.slice(1)} extends`,
  );
});
