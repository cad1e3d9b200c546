import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { parseConfig } from '@sluice/config';
import { createDevelopmentCa } from '@sluice/tls';
import { parse as parseYaml } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { promisedOutputs, readmeExamples, runReadmeExamples } from '../../readme-examples.mjs';
import { looksLikeConfiguration } from '../../site/blocks.mjs';
import { root } from '../../workspace.mjs';

const run = promisify(execFile);
const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-docs-'));
// What a page has in /etc/sluice.
beforeAll(async () => {
  await createDevelopmentCa(folder, { serverNames: ['localhost'], clients: ['web-1'] });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Each package's own tests run its README; write-a-plugin has a test of its own. */
const ranElsewhere = ['docs/write-a-plugin.md'];

function markdownIn(place: string): string[] {
  return readdirSync(path.join(root, place), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
    .map((name) => path.posix.join(place, name));
}

const guides = markdownIn('docs');
const readmes = ['packages', 'apps'].flatMap((group) =>
  readdirSync(path.join(root, group)).map((name) => `${group}/${name}/README.md`),
);
const pages = [...guides, ...readmes, 'README.md', 'CONTRIBUTING.md'];

const blocksOf = (page: string) => readmeExamples(path.join(root, page));

describe.each(
  guides.filter(
    (page) =>
      !ranElsewhere.includes(page) && blocksOf(page).some(({ lang }) => /^[jt]s$/.test(lang)),
  ),
)('%s', (page) => {
  test('its programs compile, run and print what it says', { timeout: 120_000 }, async () => {
    const url = pathToFileURL(path.join(root, page));
    const outputs = await runReadmeExamples(url);
    expect(outputs.map((output) => output.trimEnd())).toEqual(
      promisedOutputs(url).filter((text) => !looksLikeConfiguration(text)),
    );
  });
});

/** What `sluice plugin show` prints has sections without an end. */
const isWhole = (code: string) =>
  (code.match(/^\s*<[a-z@]/gm) ?? []).length === (code.match(/<\//g) ?? []).length;

const configurations = pages.flatMap((page) =>
  blocksOf(page)
    .filter(({ lang, code }) => lang === 'text' && looksLikeConfiguration(code) && isWhole(code))
    .map(({ code, line }) => ({ name: `${page}:${line}`, page, code })),
);

test.each(configurations)('$name is in the language of configurations', ({ code }) => {
  expect(parseConfig(code).elements.length + Number(code.includes('@include'))).toBeGreaterThan(0);
});

// A fragment, such as one section of an output, is for the page that explains it.
const whole = configurations.filter(
  ({ page, code }) =>
    ['docs/start-here.md', 'docs/operations.md', 'docs/tls.md'].includes(page) &&
    /^\s*<(?:source|match|system)/m.test(code),
);

/** Without them a configuration that is right does nothing, which is told. */
const missing: Readonly<Record<string, string>> = {
  source: '<source>\n  @type sample\n  tag sample\n</source>',
  match: '<match **>\n  @type null\n</match>',
};

test.each(whole)('the agent takes $name', { timeout: 60_000 }, async ({ code, name }) => {
  const file = path.join(folder, `${name.replace(/\W/g, '-')}.conf`);
  const sections = ['source', 'match'].filter((section) => !code.includes(`<${section}`));
  const others = sections.map((section) => missing[section]).join('\n');
  writeFileSync(file, code.replaceAll('/etc/sluice/', `${folder}/`) + others);
  const bin = path.join(root, 'apps/agent/bin/sluice.js');
  const checked = run(process.execPath, [bin, '--dry-run', '--strict', '-c', file], {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const { stdout } = await checked.catch((error: unknown) => ({
    stdout: (error as { stderr: string }).stderr,
  }));
  expect(stdout).not.toMatch(/unknown|error/i);
});

/** Commands of a shell block, without what they read, print or are told by an environment. */
function commandsOf(code: string): string[] {
  const joined = code.replace(/<<'END'[^]*?^END$/gm, '').replace(/\\\n/g, ' ');
  return joined
    .split('\n')
    .map((line) => line.replace(/^\s+/, '').replace(/(?:^|\s)#.*$/, ''))
    .filter((line) => line !== '')
    .flatMap((line) => line.replace(/'[^']*'|"[^"]*"/g, "''").split(/\s*(?:\|\||&&|\||;)\s*/))
    .map((part) => part.replace(/^(?:[A-Z_]+=\S*\s+)+/, '').split(/\s+/)[0] ?? '')
    .filter((command) => command !== '');
}

const knownCommands =
  'apt-get bash cat cd curl docker echo for do done flock git install journalctl kill logger mkdir nc node ' +
  'npm npx openssl printf sluice ss sudo systemctl systemd-sysusers touch until while sleep';

test('shell blocks have commands that exist, and scripts that are there', () => {
  const known = new Set(knownCommands.split(' '));
  const unknown: string[] = [];
  for (const page of pages) {
    for (const { lang, code, line } of blocksOf(page)) {
      if (lang !== 'sh') continue;
      for (const command of commandsOf(code)) {
        if (!known.has(command)) unknown.push(`${page}:${line}: ${command}`);
      }
      for (const [, script] of code.matchAll(/^(?:npm ci && )?npm run (\S+)/gm)) {
        const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
          scripts: Record<string, string>;
        };
        if (!(script in scripts)) unknown.push(`${page}:${line}: npm run ${script}`);
      }
      for (const [, file] of code.matchAll(/\bnode ((?:tools|examples)\/\S+)/g)) {
        expect(() => readFileSync(path.join(root, file)), `${page}:${line}`).not.toThrow();
      }
    }
  }
  expect(unknown).toEqual([]);
});

test('YAML and JSON blocks are YAML and JSON', () => {
  for (const page of pages) {
    for (const { lang, code, line } of blocksOf(page)) {
      const read = lang === 'json' ? JSON.parse : lang === 'yaml' ? yaml : () => undefined;
      expect(() => read(code) as unknown, `${page}:${line}`).not.toThrow();
    }
  }
});

const tags = ['!include', '!fluent/s', '!fluent/json'].map((tag) => ({
  tag,
  resolve: (text: string) => text,
}));
function yaml(code: string): unknown {
  return parseYaml(code, { customTags: tags });
}
