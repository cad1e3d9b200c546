import { ForwardInput } from '@sluice/in-forward';
import type { HostView, PluginView } from '@sluice/plugin';
import { maskedConfig } from './masked-config.js';

export interface InfoOptions {
  readonly withConfig: boolean;
  readonly withRetry: boolean;
  /** Everything else that is known: servers, statistics, latency. */
  readonly debug: boolean;
}

/** One plugin as `/api/plugins.json` shows it. */
export type PluginInfo = Record<string, unknown> & { plugin_id: string; type: string };

type Stats = Partial<Record<string, number | string>>;

/** The plugin's own figures. One that fails must not hide the others. */
export function statsOf({ plugin }: PluginView): Stats {
  try {
    const stats = Object.entries(plugin.stats?.() ?? {});
    return Object.fromEntries(stats.map(([name, value]) => [snakeCase(name), value]));
  } catch {
    return {};
  }
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** What is known of what an output holds back; undefined where it holds nothing back. */
export function queueOf(stats: Stats): { length: number | undefined; bytes: number } | undefined {
  const bytes = stats.buffer_total_queued_size ?? stats.waiting_bytes;
  if (typeof bytes !== 'number') return undefined;
  const length = stats.buffer_queue_length;
  return { length: typeof length === 'number' ? length : undefined, bytes };
}

/** A plugin in the shape that Fluentd's `in_monitor_agent` has. */
export function pluginInfo(view: PluginView, options: InfoOptions): PluginInfo {
  const { plugin, category, type, element, traffic } = view;
  const isOutput = category === 'output';
  const stats = statsOf(view);
  const queue = queueOf(stats);
  const info: PluginInfo = {
    plugin_id: plugin.id,
    plugin_category: category,
    type,
    ...(options.withConfig && { config: maskedConfig(element) }),
    output_plugin: isOutput,
    ...(queue !== undefined && {
      buffer_queue_length: queue.length ?? traffic.pending,
      buffer_total_queued_size: queue.bytes,
    }),
    retry_count:
      stats.retry_count ?? stats.buffer_retries ?? stats.retries ?? (isOutput ? 0 : null),
    ...(isOutput && {
      emit_count: traffic.emits,
      write_count: traffic.kept,
      rollback_count: traffic.failed,
    }),
    emit_records: traffic.records,
    emit_size: traffic.bytes,
  };
  for (const [name, value] of Object.entries(stats)) {
    if (name.startsWith('buffer_') || isOutput) info[name] ??= value;
  }
  if (isOutput && options.withRetry) info.retry = retryOf(stats);
  if (options.debug) Object.assign(info, debugInfo(view));
  return info;
}

/** `retry` is empty while nothing is being repeated. */
function retryOf(stats: Stats): Stats {
  const found: Stats = {};
  for (const name of ['start', 'steps', 'next_time'] as const) {
    const key = `retry_${name}`;
    if (key in stats) found[name] = stats[key];
  }
  return found;
}

function debugInfo({ plugin, traffic }: PluginView): Record<string, unknown> {
  return {
    traffic: { ...traffic },
    servers: plugin.startedServers?.servers.map((server) => server.stats()) ?? [],
    ...(plugin instanceof ForwardInput && { statistics: plugin.statistics() }),
  };
}

/** Which plugins are asked for, as in Fluentd: `tag`, `@id` (or `id`), `@type` (or `type`). */
export function selectPlugins(host: HostView, query: URLSearchParams): readonly PluginView[] {
  const { plugins } = host;
  const tag = query.get('tag');
  if (tag !== null) {
    const output = host.outputFor(tag);
    return plugins.filter(({ plugin }) => plugin === output);
  }
  const id = query.get('@id') ?? query.get('id');
  if (id !== null) return plugins.filter(({ plugin }) => plugin.id === id);
  const type = query.get('@type') ?? query.get('type');
  if (type !== null) return plugins.filter((view) => view.type === type);
  return plugins;
}
