import type { ConfigElement } from '@sluice/config';
import type { Filter, HostView, LoggedWarning, Output, Plugin, PluginView } from '@sluice/plugin';
import type { Router } from '@sluice/plugin';
import type { AgentLog } from '../log.js';
import type { EventErrors } from '../routing/event-errors.js';
import type { Routes } from '../routing/routes.js';
import { Meter, meterFilter, meteredRouter, meterOutput } from './meter.js';
import { WarningList, watchedLog } from './warning-list.js';

/** The routes of a pipeline, as far as a watcher reads them. */
interface WatchedRoutes {
  readonly routes: Routes;
  readonly labels: ReadonlyMap<string, Routes>;
  readonly errors: EventErrors;
}

/** Whether anybody watches: without a `monitor_agent` nothing is counted. */
export function isWatched(elements: readonly ConfigElement[]): boolean {
  return elements.some(({ name, type }) => name === 'source' && type === 'monitor_agent');
}

/** What a monitor sees of the pipeline that it is part of. */
export class PipelineWatch implements HostView {
  readonly plugins: PluginView[] = [];
  readonly #warnings = new WarningList();

  constructor(
    readonly root: ConfigElement,
    private readonly pipeline: WatchedRoutes,
  ) {}

  get warned(): { readonly warn: number; readonly error: number } {
    return this.#warnings.warned;
  }

  /** The log through which all plugins are to write. */
  log(log: AgentLog): AgentLog {
    return watchedLog(log, this.#warnings);
  }

  /** Makes an input whose emits are counted. */
  input(element: ConfigElement, router: Router, create: (router: Router) => Plugin): void {
    const traffic = new Meter();
    const plugin = create(meteredRouter(router, traffic));
    this.plugins.push({ category: 'input', type: typeOf(element), element, plugin, traffic });
  }

  output(element: ConfigElement, plugin: Output): void {
    const traffic = new Meter();
    meterOutput(plugin, traffic);
    this.plugins.push({ category: 'output', type: typeOf(element), element, plugin, traffic });
  }

  filter(element: ConfigElement, plugin: Filter): void {
    const traffic = new Meter();
    meterFilter(plugin, traffic);
    this.plugins.push({ category: 'filter', type: typeOf(element), element, plugin, traffic });
  }

  warnings(): readonly LoggedWarning[] {
    return this.#warnings.latest();
  }

  outputFor(tag: string): Plugin | undefined {
    for (const rule of this.pipeline.routes.rules) {
      if ('output' in rule && rule.matches(tag)) return rule.output;
    }
    return undefined;
  }

  unmatched(): Record<string, number> {
    const all = [this.pipeline.routes, ...this.pipeline.labels.values()];
    return Object.fromEntries(all.map((routes) => [routes.label, routes.unmatchedEvents]));
  }

  errors(): { events: number; emits: number } {
    const found = new Set([this.pipeline.errors]);
    for (const routes of this.pipeline.labels.values()) found.add(routes.errors);
    let [events, emits] = [0, 0];
    for (const { errorEvents, failedEmits } of found) {
      events += errorEvents;
      emits += failedEmits;
    }
    return { events, emits };
  }
}

function typeOf(element: ConfigElement): string {
  return element.type ?? '';
}
