import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parametersOf, referenceEntries } from '../../site/reference-data.mjs';
import { yamlSchema } from '../../site/yaml-schema.mjs';
import { shippedPlugins } from '../../../apps/agent/src/shipped-plugins.js';
import { root } from '../../workspace.mjs';

const entries = await referenceEntries();

test('every plugin that is shipped is in the reference', () => {
  const known = new Set(entries.map(({ kind, type }) => `${kind} ${type}`));
  for (const each of shippedPlugins.flatMap(({ provides }) => provides)) {
    expect([...known]).toContain(each);
  }
});

test('every parameter has a description', () => {
  const without = entries.flatMap((entry) =>
    parametersOf(entry)
      .filter(
        ({ param }) =>
          param.name !== '*' && !param.description && !param.deprecated && !param.obsoleted,
      )
      .map(({ sections, param }) => [entry.name, ...sections, param.name].join('/')),
  );
  expect(without).toEqual([]);
});

test('the schema for editors knows the parameters by plugin, and says what is deprecated', () => {
  const schema = yamlSchema(entries) as Schema;
  const plugins = schema.$defs.input.allOf!;
  const forward = plugins.find(({ if: { properties } }) => properties.$type.const === 'forward')!;
  expect(forward.then.properties.port).toMatchObject({ default: '24224' });
  expect(forward.then.properties.transport.properties).toHaveProperty('cert_path');
  expect(JSON.stringify(schema)).toContain('"deprecated":true');
  for (const [, name] of JSON.stringify(schema).matchAll(/"\$ref":"#\/\$defs\/(\w+)"/g)) {
    expect(schema.$defs).toHaveProperty(name);
  }
});

interface Schema {
  $defs: Record<
    string,
    {
      allOf?: {
        if: { properties: { $type: { const: string } } };
        then: { properties: Record<string, { properties: object }> };
      }[];
    }
  >;
}

test('the grammar has the scopes that it refers to', () => {
  const grammar = readFileSync(
    path.join(root, 'tools/site/public/fluentd.tmLanguage.json'),
    'utf8',
  );
  const { repository } = JSON.parse(grammar) as { repository: Record<string, unknown> };
  for (const [, name] of grammar.matchAll(/"include": "#(\w+)"/g)) {
    expect(repository).toHaveProperty(name);
  }
});
