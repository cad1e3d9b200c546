import { hostname } from 'node:os';
import type { OutputDefinition } from '@sluice/plugin';
import { KEPT } from '@sluice/plugin';
import { createDriver, type OutputDriver } from '@sluice/plugin/testing';
import { describe, expect, test } from 'vitest';
import { labelRouterOutput, rewriteTagFilterOutput, routeOutput } from '../src/index.js';

/** What came out: by label, the tags and the numbers of the records. */
function came(driver: OutputDriver): Record<string, string[]> {
  const all = [['', driver.router] as const, ...driver.labels];
  return Object.fromEntries(
    all
      .map(([label, router]) => [
        label,
        router.events.map(({ tag, record }) => `${tag} ${String(record.n)}`),
      ])
      .filter(([, events]) => events.length > 0),
  ) as Record<string, string[]>;
}

function rule(lines: string): string {
  return `<rule>\n${lines}\n</rule>\n`;
}

describe('rewrite_tag_filter', () => {
  const start = (text: string): OutputDriver => createDriver(rewriteTagFilterOutput, text);

  test('the first rule that matches names the tag; others are dropped', () => {
    const driver = start(
      rule('key level\npattern /^(warn|error)$/\ntag alert.$1') +
        rule('key $.http.status\npattern /^5/\ntag http.${tag}') +
        rule('key level\npattern /.+/\ntag rest.${tag_parts[0]}.${tag_parts[-1]}'),
    );
    expect(
      driver.write('app.web', [
        { n: 1, level: 'error' },
        { n: 2, level: 'info', http: { status: 503 } },
        { n: 3, level: 'info' },
        { n: 4 },
        { n: 5, level: 'warn' },
        { n: 6, level: 'error' },
      ]),
    ).toBe(KEPT);
    expect(came(driver)).toEqual({
      '': ['alert.error 1', 'alert.error 6', 'http.app.web 2', 'rest.app.web 3', 'alert.warn 5'],
    });
    expect(driver.statistics.counters).toEqual({ rewritten_events: 5, dropped_events: 1 });
  });

  test('invert, label, remove_tag_prefix, ${hostname} and capitals', () => {
    const driver = start(
      'remove_tag_prefix app\ncapitalize_regex_backreference true\n' +
        rule('key a\npattern /^x$/\ninvert true\nlabel @OTHER\ntag not.${tag}.__TAG_PARTS[0]__') +
        rule('key a\npattern /^(?<first>x)$/\ntag $1.${hostname}'),
    );
    void driver.write('app.web.b', [{ n: 1, a: 'x' }, { n: 2 }, { n: 3, a: 'y' }]);
    expect(came(driver)).toEqual({
      '': [`X.${hostname()} 1`],
      '@OTHER': ['not.web.b.web 2', 'not.web.b.web 3'],
    });
  });

  test('an event whose tag stays as it is does not go round in a circle', () => {
    const driver = start(rule('key a\npattern /(.)/\ntag $1'));
    void driver.write('x', [
      { n: 1, a: 'x' },
      { n: 2, a: 'y' },
    ]);
    expect(came(driver)).toEqual({ '': ['y 2'] });
    const labelled = start(rule('key a\npattern /./\nlabel @L\ntag ${tag}'));
    void labelled.write('x', [{ n: 1, a: 1 }]);
    expect(came(labelled)).toEqual({ '@L': ['x 1'] });
  });

  test('what one destination does not keep is not kept', async () => {
    const driver = start(
      rule('key a\npattern /x/\nlabel @BAD\ntag x') + rule('key a\npattern /y/\ntag y'),
    );
    void driver.write('t', [{ n: 0, a: 'x' }]);
    driver.labels.get('@BAD')!.answer = new Error('full');
    const written = driver.write('t', [
      { n: 1, a: 'x' },
      { n: 2, a: 'y' },
    ]);
    await expect(written).rejects.toThrow('full');
    expect(came(driver)['']).toEqual(['y 2']);
  });

  test.each([
    ['', 'a <rule> is required'],
    ['rewriterule1 a x y', "rewriterule1 is Fluentd's old way"],
    [
      `hostname_command uname -n\n${rule('key a\npattern x\ntag y')}`,
      'hostname_command is not run',
    ],
    [rule('key a\npattern x\ntag ${record}'), '${record} is not known in a tag'],
    [rule('key a\npattern x\ntag y.$1\ninvert true'), 'with invert there is no match'],
    [rule('key $.\npattern x\ntag y'), 'cannot be read'],
    [rule('key a\ntag y'), 'pattern'],
  ])('%j is refused', (text, message) => {
    expect(() => start(text)).toThrow(message);
  });
});

describe('label_router', () => {
  const pod = (n: number, namespace: string, app: string, container = 'main') => ({
    n,
    kubernetes: {
      namespace_name: namespace,
      container_name: container,
      labels: { app },
      host: 'h',
    },
  });
  const text =
    'default_route @REST\ndefault_tag rest\nsticky_tags false\n' +
    '<route>\n@label @WEB\n<match>\nlabels app:web\nnegate true\nnamespaces test\n</match>\n' +
    '<match>\nlabels app:web\n</match>\n</route>\n' +
    '<route>\ntag prod\n<match>\nnamespaces prod,stage\nhosts h\n</match>\n</route>\n';

  test('each event goes to all routes that take it, or to default_route', () => {
    const driver = createDriver(labelRouterOutput, text);
    void driver.write('kube', [
      pod(1, 'prod', 'web'),
      pod(2, 'test', 'web'),
      pod(3, 'stage', 'db'),
      { n: 4 },
      { n: 5, kubernetes: 'none' },
      pod(6, 'dev', 'web'),
    ]);
    expect(came(driver)).toEqual({
      '@WEB': ['kube 1', 'kube 6'],
      '': ['prod 1', 'prod 3'],
      '@REST': ['rest 2', 'rest 4', 'rest 5'],
    });
  });

  test('sticky_tags: what held for the first holds for all of the tag', () => {
    const driver = createDriver(labelRouterOutput, text.replace('sticky_tags false\n', ''));
    void driver.write('kube.a', [pod(1, 'dev', 'web')]);
    void driver.write('kube.a', [pod(2, 'prod', 'db')]);
    void driver.write('kube.b', [pod(3, 'prod', 'db')]);
    expect(came(driver)).toEqual({ '@WEB': ['kube.a 1', 'kube.a 2'], '': ['prod 3'] });
  });

  test('without default_route what no route takes is dropped and counted', () => {
    const driver = createDriver(
      labelRouterOutput,
      '<route>\n<match>\nlabels a:b\n</match>\n</route>',
    );
    expect(driver.write('kube', [pod(1, 'a', 'b')])).toBe(KEPT);
    expect(came(driver)).toEqual({});
    expect(driver.statistics.counters).toEqual({ unmatched_events: 1 });
  });

  test.each([
    ['', 'route'],
    ['<route>\nlabels app:web\n</route>', 'labels'],
    ['<route>\n<match>\nlabel app:web\n</match>\n</route>', 'label'],
  ])('%j is refused', (configuration, message) => {
    expect(() => createDriver(labelRouterOutput, configuration)).toThrow(message);
  });
});

describe('route', () => {
  const text =
    'remove_tag_prefix raw\nadd_tag_prefix in\n' +
    '<route in.web.**>\n@label @WEB\nremove_tag_prefix in.web\nadd_tag_prefix w\ncopy\n</route>\n' +
    '<route in.web.a in.db>\nadd_tag_prefix all\n</route>\n' +
    '<route in.**>\n@label @REST\n</route>\n';

  test.each([
    ['raw.web.a', { '@WEB': ['w.a 1'], '': ['all.in.web.a 1'] }],
    ['raw.web.b', { '@WEB': ['w.b 1'], '@REST': ['in.web.b 1'] }],
    ['raw.db', { '': ['all.in.db 1'] }],
    ['raw.x', { '@REST': ['in.x 1'] }],
    ['other', {}],
  ])('%s', (tag, expected) => {
    const driver = createDriver(routeOutput, text);
    expect(driver.write(tag, [{ n: 1 }])).toBe(KEPT);
    expect(came(driver)).toEqual(expected);
    const unmatched = Object.keys(expected).length === 0 ? 1 : 0;
    expect(driver.statistics.counters).toEqual({ unmatched_events: unmatched });
  });

  test.each([
    ['', 'route'],
    ['<route {a>\n</route>', '{ is not closed'],
  ] as [string, string][])('%j is refused', (configuration, message) => {
    expect(() => createDriver(routeOutput as OutputDefinition, configuration)).toThrow(message);
  });
});
