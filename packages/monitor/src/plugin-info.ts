import { maskedParams } from '@sluice/config';
import {
  statisticsOf,
  type HostView,
  type PluginStatistics,
  type PluginView,
  type RetryStatistics,
  type Statistic,
} from '@sluice/plugin';

export interface InfoOptions {
  readonly withConfig: boolean;
  readonly withRetry: boolean;
  /** Everything else that is known: servers, statistics, latency. */
  readonly debug: boolean;
}

/** One plugin as `/api/plugins.json` shows it. */
export type PluginInfo = Record<string, unknown> & { plugin_id: string; type: string };

/** The sum over all values of its label. */
export function total(statistic: Statistic | undefined): number {
  if (statistic === undefined || typeof statistic === 'number') return statistic ?? 0;
  return Object.values(statistic.values).reduce((sum, value) => sum + value, 0);
}

/** A plugin in the shape that Fluentd's `in_monitor_agent` has. */
export function pluginInfo(view: PluginView, options: InfoOptions): PluginInfo {
  const { plugin, category, type, element, traffic } = view;
  const isOutput = category === 'output';
  const statistics = statisticsOf(plugin);
  const { queue, retry, counters = {}, gauges = {} } = statistics;
  const info: PluginInfo = {
    plugin_id: plugin.id,
    plugin_category: category,
    type,
    ...(options.withConfig && { config: maskedParams(element) }),
    output_plugin: isOutput,
    ...(queue !== undefined && {
      buffer_queue_length: queue.chunks ?? traffic.pending,
      buffer_total_queued_size: queue.bytes,
      ...(queue.stagedChunks !== undefined && { buffer_stage_length: queue.stagedChunks }),
      ...(queue.limit !== undefined &&
        Number.isFinite(queue.limit) && {
          buffer_available_buffer_space_ratios:
            Math.round((1 - Math.min(queue.bytes / queue.limit, 1)) * 1000) / 10,
        }),
    }),
    retry_count: isOutput ? total(counters.retries) : null,
    ...(isOutput && {
      emit_count: traffic.emits,
      write_count: traffic.kept,
      rollback_count: traffic.failed,
    }),
    emit_records: traffic.records,
    emit_size: traffic.bytes,
  };
  for (const [name, value] of Object.entries({ ...counters, ...gauges })) {
    info[name] ??= typeof value === 'number' ? value : value.values;
  }
  if (isOutput && options.withRetry) info.retry = retryOf(retry);
  if (options.debug) Object.assign(info, debugInfo(view, statistics));
  return info;
}

/** `retry` is empty while nothing is being repeated. */
function retryOf(retry: RetryStatistics | undefined): Record<string, unknown> {
  if (retry === undefined) return {};
  const { start, steps, nextTime, reason } = retry;
  const time = (seconds: number): string => new Date(seconds * 1000).toISOString();
  return {
    start: time(start),
    steps,
    ...(nextTime !== undefined && { next_time: time(nextTime) }),
    ...(reason !== undefined && { reason }),
  };
}

function debugInfo(
  { plugin, traffic }: PluginView,
  statistics: PluginStatistics,
): Record<string, unknown> {
  return {
    traffic: { ...traffic },
    servers: plugin.startedServers?.servers.map((server) => server.stats()) ?? [],
    statistics,
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
