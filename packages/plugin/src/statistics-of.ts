import type { Plugin } from './plugin.js';
import type { PluginStatistics } from './statistics.js';

/**
 * A plugin's own statistics, for the host and for plugins that watch others. One that fails is told
 * with its log, and keeps nobody from the others': it has none.
 */
export function statisticsOf(plugin: Plugin): PluginStatistics {
  try {
    // Plugins may be written in JavaScript, where nothing else says what is returned.
    const statistics = plugin.statistics() as unknown;
    if (typeof statistics === 'object' && statistics !== null) return statistics;
    throw new TypeError(`statistics must return an object, but returned ${String(statistics)}`);
  } catch (error) {
    plugin.log.warn({ err: error }, `plugin ${plugin.id} failed in statistics`);
    return {};
  }
}
