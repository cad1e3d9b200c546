import type { EventStream } from '@sluice/event-stream';
import type { Filter, Output, Router } from '@sluice/plugin';
import type { Logger } from '@sluice/server';
import { BoundedSet } from './bounded-set.js';

/** One `<filter>` or `<match>`, in the order of the configuration. */
export type Rule =
  | { readonly matches: (tag: string) => boolean; readonly filter: Filter }
  | { readonly matches: (tag: string) => boolean; readonly output: Output };

interface Route {
  readonly filters: readonly Filter[];
  readonly output: Output | undefined;
}

/** How many tags keep their route, and how many have had their warning. Fluentd caches 1,024. */
const tagCacheLimit = 1024;

/** The routes of the top level or of one label: the first match wins, after the filters above it. */
export class Routes implements Router {
  readonly #cache = new Map<string, Route>();
  readonly #warned = new BoundedSet(tagCacheLimit);
  /** Events that no `<match>` took, since the start. */
  unmatchedEvents = 0;

  constructor(
    readonly rules: readonly Rule[],
    readonly log: Logger,
  ) {}

  emit(tag: string, stream: EventStream): void | Promise<void> {
    let route = this.#cache.get(tag);
    if (route === undefined) {
      route = this.#find(tag);
      // A sender that makes up tags must not fill the memory: start over, routes are cheap.
      if (this.#cache.size >= tagCacheLimit) this.#cache.clear();
      this.#cache.set(tag, route);
    }
    const { output } = route;
    if (output === undefined) {
      this.#unmatched(tag, stream);
      return;
    }
    for (const filter of route.filters) stream = filter.filter(tag, stream);
    return output.write(tag, stream);
  }

  #find(tag: string): Route {
    const filters: Filter[] = [];
    for (const rule of this.rules) {
      if (!rule.matches(tag)) continue;
      if ('output' in rule) return { filters, output: rule.output };
      filters.push(rule.filter);
    }
    return { filters, output: undefined };
  }

  // As in Fluentd such events are dropped, and acknowledged: the configuration says that nobody
  // wants them, and a sender would repeat them for ever.
  #unmatched(tag: string, stream: EventStream): void {
    this.unmatchedEvents += stream.count;
    if (this.#warned.add(tag)) {
      this.log.warn({ tag }, `no <match> for tag "${tag}": its events are dropped`);
    }
  }
}
