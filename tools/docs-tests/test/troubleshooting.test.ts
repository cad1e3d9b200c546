import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../workspace.mjs';

/** All that the packages are made of, as one text. */
function sources(): string {
  return ['packages', 'apps']
    .flatMap((group) => readdirSync(path.join(root, group)).map((name) => `${group}/${name}/src`))
    .flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => readFileSync(path.join(root, folder, name), 'utf8')),
    )
    .join('\n');
}

test('every message of the page is one that Sluice has', () => {
  const page = readFileSync(path.join(root, 'docs/troubleshooting.md'), 'utf8');
  const messages = [...page.matchAll(/^\| (`[^|]+`) +\|/gm)].flatMap(([, cell]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, message]) => message),
  );
  expect(messages.length).toBeGreaterThan(20);
  const code = sources();
  for (const message of messages) {
    for (const part of message.split('…')) expect(code, message).toContain(part.trim());
  }
});
