import type { ConfigElement } from '@sluice/config';
import type {
  EventSink,
  Filter,
  HostView,
  LoggedWarning,
  Output,
  Plugin,
  PluginView,
  Router,
} from '@sluice/plugin';
import {
  Meter,
  meteredFilter,
  meteredRouter,
  meteredSink,
  type FilterStep,
} from '@sluice/plugin/host';
import type { EventErrors } from '../routing/event-errors.js';
import type { Routes } from '../routing/routes.js';
import { version } from '../own-package.js';
import { WarningList } from './warning-list.js';

/** The routes of a pipeline, as far as a watcher reads them. */
interface WatchedRoutes {
  readonly routes: Routes;
  readonly labels: ReadonlyMap<string, Routes>;
  readonly errors: EventErrors;
}

/** What an input that watches the host sees of the pipeline that it is part of. */
export class HostWatch implements HostView {
  readonly version = version();
  readonly plugins: PluginView[] = [];
  readonly warningList = new WarningList();
  /** Set when the pipeline is built. */
  pipeline: WatchedRoutes | undefined;
  readonly #outputs = new Map<EventSink, Output>();

  constructor(readonly root: ConfigElement) {}

  get warned(): { readonly warn: number; readonly error: number } {
    return this.warningList.warned;
  }

  /** A router that counts what the input that is made with it emits. */
  input(
    type: string,
    element: ConfigElement,
    router: Router,
    create: (router: Router) => Plugin,
  ): void {
    const traffic = new Meter();
    const plugin = create(meteredRouter(router, traffic));
    this.plugins.push({ category: 'input', type, element, plugin, traffic });
  }

  output(type: string, element: ConfigElement, plugin: Output, sink: EventSink): EventSink {
    const traffic = new Meter();
    this.plugins.push({ category: 'output', type, element, plugin, traffic });
    const metered = meteredSink(sink, traffic);
    this.#outputs.set(metered, plugin);
    return metered;
  }

  filter(type: string, element: ConfigElement, plugin: Filter, step: FilterStep): FilterStep {
    const traffic = new Meter();
    this.plugins.push({ category: 'filter', type, element, plugin, traffic });
    return meteredFilter(step, traffic);
  }

  warnings(): readonly LoggedWarning[] {
    return this.warningList.latest();
  }

  outputFor(tag: string): Plugin | undefined {
    for (const rule of this.pipeline?.routes.rules ?? []) {
      if ('output' in rule && rule.matches(tag)) return this.#outputs.get(rule.output);
    }
    return undefined;
  }

  unmatched(): Record<string, number> {
    if (this.pipeline === undefined) return {};
    const all = [this.pipeline.routes, ...this.pipeline.labels.values()];
    return Object.fromEntries(all.map((routes) => [routes.label, routes.unmatchedEvents]));
  }

  errors(): { events: number; emits: number } {
    let [events, emits] = [0, 0];
    if (this.pipeline === undefined) return { events, emits };
    const found = new Set([this.pipeline.errors]);
    for (const routes of this.pipeline.labels.values()) found.add(routes.errors);
    for (const { errorEvents, failedEmits } of found) {
      events += errorEvents;
      emits += failedEmits;
    }
    return { events, emits };
  }
}
