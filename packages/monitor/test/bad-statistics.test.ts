import { ConfigElement } from '@sluice/config';
import { Input, type HostView, type PluginStatistics, type PluginView } from '@sluice/plugin';
import { silentLogger } from '@sluice/server';
import { expect, test } from 'vitest';
import { MetricsPage } from '../src/metrics.js';
import { pluginInfo } from '../src/plugin-info.js';

function view(id: string, statistics: () => PluginStatistics, warnings: string[]): PluginView {
  class Source extends Input {
    override statistics(): PluginStatistics {
      return statistics();
    }
  }
  const warn = (_fields: unknown, text?: string): void => void warnings.push(text!);
  const latency = { bounds: [], counts: [0], sum: 0 };
  return {
    category: 'input',
    type: 'test',
    element: new ConfigElement({
      name: 'source',
      location: { file: 'test', line: 1, column: 1, lineText: '' },
    }),
    plugin: new Source({
      id,
      log: { ...silentLogger, warn },
      router: { emit: () => Promise.resolve() },
    }),
    traffic: {
      emits: 1,
      records: 1,
      bytes: 1,
      kept: 1,
      failed: 0,
      pending: 0,
      pendingSince: undefined,
      latency,
    },
  };
}

test.each([
  [
    'throw',
    () => {
      throw new Error('boom');
    },
  ],
  ['are nothing', () => undefined as never],
])('statistics that %s hide those of no other plugin', async (_name, bad) => {
  const warnings: string[] = [];
  const plugins = [
    view('bad', bad, warnings),
    view('good', () => ({ counters: { lines: 7 } }), warnings),
  ];
  const host: HostView = {
    version: '0',
    root: plugins[0].element,
    plugins,
    warnings: () => [],
    warned: { warn: 0, error: 0 },
    outputFor: () => undefined,
    unmatched: () => ({}),
    errors: () => ({ events: 0, emits: 0 }),
  };
  const text = await new MetricsPage(host, 0).text();
  expect(text).toMatch(/sluice_in_test_lines_total\{.*plugin_id="good".*\} 7/);
  expect(warnings[0]).toBe('plugin bad failed in statistics');
  const options = { withConfig: true, withRetry: true, debug: true };
  expect(plugins.map((each) => pluginInfo(each, options).plugin_id)).toEqual(['bad', 'good']);
});
