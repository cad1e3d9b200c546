import { readFileSync } from 'node:fs';
import { parseConfig, snakeCase } from '@sluice/config';
import { expect, test } from 'vitest';
import { readmeExamples } from '../../../tools/readme-examples.mjs';
import { jetstreamInputSection, jetstreamOutputSection } from '../src/index.js';

const readme = new URL('../README.md', import.meta.url);
const sections = { match: jetstreamOutputSection, source: jetstreamInputSection };

test('the configurations of the README are read without a warning', () => {
  const texts = readmeExamples(readme).filter(({ code }) => code.startsWith('<'));
  expect(texts).toHaveLength(2);
  const warnings: unknown[] = [];
  const log = { warn: (...args: unknown[]) => void warnings.push(args) };
  for (const { code } of texts) {
    const [element] = parseConfig(code, { path: 'README.md' }).elements;
    sections[element.name as 'match' | 'source'].read(element, { log });
  }
  expect(warnings).toEqual([]);
});

test('the README has every parameter', () => {
  const text = readFileSync(readme, 'utf8');
  for (const { schema } of Object.values(sections)) {
    for (const key of Object.keys(schema.params ?? {})) {
      const name = snakeCase(key);
      const short = name.replace('tls_client_private_key_passphrase', '_passphrase');
      expect(text).toContain(`\`${short}\``);
    }
  }
});
