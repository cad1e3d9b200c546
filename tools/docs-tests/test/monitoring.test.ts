import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import os from 'node:os';
import { runAgent } from '@sluice/agent';
import { parse } from 'yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../../workspace.mjs';

const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-monitoring-'));
let names: Set<string>;

// The names that a real agent serves, and the labels of each.
beforeAll(async () => {
  const agent = await runAgent({
    log: { level: 'error' },
    config: {
      text: `
      <source>
        @type monitor_agent
        bind 127.0.0.1
        port 0
      </source>
      <source>
        @type forward
        bind 127.0.0.1
        port 0
        <transport tls>
          insecure true
        </transport>
      </source>
      <match **>
        @type file
        path ${folder}/out
      </match>`,
    },
  });
  try {
    const { address } = agent.servers().find(({ protocol }) => protocol === 'tcp')!;
    const { port } = address as { port: number };
    const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    names = new Set([...page.matchAll(/^# TYPE (\S+) (\S+)/gm)].flatMap(namesOfFamily));
    names.add('sluice_worker_up'); // Only where there are several.
    names.add('up'); // Prometheus' own.
  } finally {
    await agent.stop();
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

function namesOfFamily([, name, type]: RegExpExecArray | RegExpMatchArray): string[] {
  return type === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
}

/** The metrics that an expression asks for: words before a brace, a bracket, or by themselves. */
function metricsOf(expression: string): string[] {
  const words = expression.replace(/\{[^}]*\}|\[[^\]]*\]|\bby \([^)]*\)/g, '');
  const functions = new Set(['rate', 'sum', 'max', 'by', 'time', 'histogram_quantile']);
  return [...words.matchAll(/[a-z_][a-z0-9_]*/g)].flatMap(([word]) =>
    functions.has(word) ? [] : [word],
  );
}

const read = (file: string) => readFileSync(path.join(root, 'packaging/monitoring', file), 'utf8');

test('the alert rules ask for metrics that there are', () => {
  const { groups } = parse(read('sluice-alerts.yaml')) as {
    groups: { rules: { alert: string; expr: string; annotations: Record<string, string> }[] }[];
  };
  const rules = groups.flatMap((group) => group.rules);
  expect(rules.length).toBeGreaterThan(8);
  for (const { alert, expr, annotations } of rules) {
    for (const metric of metricsOf(expr)) expect([...names], alert).toContain(metric);
    expect(Object.keys(annotations), alert).toEqual(['summary', 'description']);
  }
});

test('the dashboard asks for metrics that there are', () => {
  interface Panel {
    title: string;
    targets?: { expr: string }[];
  }
  const { panels, templating } = JSON.parse(read('sluice-dashboard.json')) as {
    panels: Panel[];
    templating: { list: { query: string }[] };
  };
  const asked = panels.flatMap(({ title, targets = [] }) =>
    targets.flatMap(({ expr }) => metricsOf(expr).map((metric) => ({ title, metric }))),
  );
  expect(asked.length).toBeGreaterThan(20);
  for (const { title, metric } of asked) expect([...names], title).toContain(metric);
  const [, variable] = /label_values\((\w+)/.exec(templating.list[1].query) ?? [];
  expect([...names]).toContain(variable);
});

test('the page names metrics that there are', () => {
  const page = readFileSync(path.join(root, 'docs/operations.md'), 'utf8');
  for (const [, metric] of page.matchAll(/`((?:sluice|process)_\w+)`/g)) {
    expect([...names]).toContain(metric);
  }
});
