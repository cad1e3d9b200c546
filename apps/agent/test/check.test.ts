import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { absentPlugins, checkText, differences, generalDifferences } from '@sluice/cli-tools';
import { checkAsRun } from '../src/cli/check.js';
import { shippedPlugins } from '../src/shipped-plugins.js';

const fixture = (name: string): string => path.join(import.meta.dirname, 'fixtures/check', name);
const names = (plugins: readonly { name: string }[]): string[] => plugins.map(({ name }) => name);

describe('sluice check', () => {
  test('a file that runs: what differs from Fluentd is told', async () => {
    const checked = await checkAsRun(fixture('web-logs.conf'));
    expect(checked).toMatchObject({ ok: true, load: [], missing: [], errors: [] });
    expect(names(checked.runs)).toEqual([
      ...['in_forward', 'in_http', 'filter_parser', 'parser_nginx', 'filter_record_transformer'],
      ...['out_copy', 'out_file', 'formatter_json', 'out_forward', 'buf_file', 'out_null'],
    ]);
    expect(new Set(names(checked.differs))).toEqual(
      new Set([
        ...['in_forward', 'in_http', 'filter_parser', 'filter_record_transformer', 'out_file'],
        ...['formatter_json', 'buf_file'],
      ]),
    );
  });

  test('plugins of others are named with their npm package, those of Fluentd with a way out', async () => {
    const checked = await checkAsRun(fixture('to-a-search-engine.conf'));
    expect(checked.ok).toBe(false);
    expect(checked.load).toMatchObject([
      { name: 'filter_geoip', line: 13, package: 'sluice-plugin-geoip' },
      { name: 'out_elasticsearch', line: 16, package: 'sluice-plugin-elasticsearch' },
    ]);
    expect(checked.missing).toMatchObject([
      { name: 'in_tail', line: 2, instead: expect.stringContaining('Fluent Bit') as string },
      { name: 'out_exec_filter', line: 23 },
    ]);
    expect(checked.errors).toEqual([]);
  });

  test('mistakes have their places, and unknown parameters are warnings', async () => {
    const checked = await checkAsRun(fixture('mistakes.conf'));
    expect(checked.errors.map(({ line, message }) => [line, message.split(',')[0]])).toEqual([
      [9, 'the method downcas is not supported'],
      [12, 'path is required in <match **>'],
    ]);
    expect(checked.errors[0].hint).toContain('downcase');
    expect(checked.warnings.join()).toContain('prt');
  });

  test('a file that cannot be read is an error with its place', async () => {
    const checked = await checkAsRun(fixture('no-language.conf'));
    expect(checked).toMatchObject({ ok: false, errors: [{ line: 3 }] });
    const absent = await checkAsRun(fixture('no-such.conf'));
    expect(absent.errors).toHaveLength(1);
  });

  test('the text says it line by line', async () => {
    const file = fixture('to-a-search-engine.conf');
    const ofJson = differences.find(
      ({ kind, types, where }) =>
        kind === 'parser' && types.includes('json') && where === undefined,
    )!;
    expect(checkText(await checkAsRun(file))).toBe(
      [
        `${file}: does not run as it is`,
        '  runs     parser_json, in_forward',
        `  load     ${file}:13: filter_geoip: looked for as the npm package sluice-plugin-geoip`,
        `  load     ${file}:16: out_elasticsearch: looked for as the npm package sluice-plugin-elasticsearch`,
        `  missing  ${file}:2: in_tail: ${absentPlugins[0].instead}`,
        `  missing  ${file}:23: out_exec_filter: write a plugin, or let the program be a client: sluice cat, the input tcp`,
        `  differs  parser_json (line 6): ${ofJson.text}`,
        `  differs  in_forward (line 10): ${differences[0].text}`,
        '',
      ].join('\n'),
    );
  });
});

test('the guide has every difference and every plugin that is not there', () => {
  const guide = readFileSync(
    path.join(import.meta.dirname, '../../../docs/coming-from-fluentd.md'),
    'utf8',
  ).replace(/\s+/g, ' ');
  const plain = (text: string): string => text.replace(/\s+/g, ' ');
  for (const { text } of differences) expect(guide).toContain(plain(text));
  for (const text of generalDifferences) expect(guide).toContain(plain(text));
  const shipped = new Set(shippedPlugins.flatMap(({ provides }) => provides));
  for (const { kind, types, instead } of absentPlugins) {
    // What has been made since must not stand there any more.
    for (const type of types) expect(shipped).not.toContain(`${kind} ${type}`);
    expect(guide).toContain(plain(instead));
  }
});
