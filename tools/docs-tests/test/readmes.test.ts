import path from 'node:path';
import { readFileSync } from 'node:fs';
import { buildPipeline, createLog, loadPlugins } from '@sluice/agent';
import { parseConfig } from '@sluice/config';
import { describe, expect, test } from 'vitest';
import { readmeExamples } from '../../readme-examples.mjs';
import { publishedPackages } from '../../release/packages.mjs';
import { looksLikeConfiguration } from '../../site/blocks.mjs';

const registry = await loadPlugins({});
const readmes = publishedPackages().map(({ folder, manifest: { name } }) => {
  const file = path.join(folder, 'README.md');
  return { name, text: readFileSync(file, 'utf8'), blocks: readmeExamples(file) };
});

describe.each(readmes)('the page of $name', ({ name, text, blocks }) => {
  test('says why one takes it, and not what is nearest', () => {
    expect(text).toMatch(/^## Why this, and not \S/m);
  });

  test('has its programs import only what it says to install', () => {
    const said = blocks.filter(({ lang }) => lang === 'sh').map(({ code }) => code);
    const installed = [...said.join('').matchAll(/^npm install (?!--)(.+)$/gm)].flatMap(
      ([, names]) => names.split(' '),
    );
    const programs = blocks.filter(({ lang }) => lang === 'js' || lang === 'ts');
    const imported = programs.flatMap(({ code }) =>
      [...code.matchAll(/^(?:import|\}).* from '((?:@[^'/]+\/)?[^'/]+)/gm)].map(([, each]) => each),
    );
    const known = new Set([...installed, name]);
    expect(imported.filter((each) => !each.startsWith('node:') && !known.has(each))).toEqual([]);
  });

  const whole = blocks.filter(
    ({ lang, code }) =>
      lang === 'text' &&
      looksLikeConfiguration(code) &&
      /^<source>/m.test(code) &&
      /^<match/m.test(code) &&
      // These want what a test does not have: files, certificates, other machines.
      !/\/etc\/|\$\{?[A-Z_]+\b|#\{/.test(code),
  );
  test('has configurations that the agent takes', () => {
    const warnings: string[] = [];
    const log = createLog({ level: 'warn', write: (line) => warnings.push(line) });
    for (const { code } of whole) buildPipeline(parseConfig(code), { registry, log });
    expect(warnings).toEqual([]);
  });
});

test('the pages of plugins have whole configurations', () => {
  const plugins = readmes.filter(({ name }) => /^@sluice\/(?:in|filter|monitor)/.test(name));
  expect(plugins.length).toBeGreaterThan(5);
  for (const { name, blocks } of plugins) {
    const found = blocks.some(
      ({ lang, code }) => lang === 'text' && /^<source>/m.test(code) && /^<match/m.test(code),
    );
    expect(found, name).toBe(true);
  }
});
