import type { EventStream } from '@sluice/event-stream';
import type { Filter, Output, Router } from '@sluice/plugin';
import type { Logger } from '@sluice/server';
import { BoundedSet } from './bounded-set.js';
import type { EventErrors } from './event-errors.js';

/** One `<filter>` or `<match>`, in the order of the configuration. */
export type Rule =
  | { readonly matches: (tag: string) => boolean; readonly filter: Filter }
  | { readonly matches: (tag: string) => boolean; readonly output: Output };

interface Route {
  readonly filters: readonly Filter[];
  readonly output: Output | undefined;
}

export interface RoutesOptions {
  readonly log: Logger;
  readonly errors: EventErrors;
  /** The name of the label that the routes are of; none for the top level. */
  readonly label?: string | undefined;
}

/** How many tags keep their route, and how many have had their warning. Fluentd caches 1,024. */
const tagCacheLimit = 1024;

/** The routes of the top level or of one label: the first match wins, after the filters above it. */
export class Routes implements Router {
  readonly #cache = new Map<string, Route>();
  readonly #warned = new BoundedSet(tagCacheLimit);
  readonly #rules: Rule[] = [];
  readonly #log: Logger;
  readonly errors: EventErrors;
  /** The name of the label, `@ROOT` for the top level. */
  readonly label: string;
  /** Events that no `<match>` took, since the start. */
  unmatchedEvents = 0;

  constructor(options: RoutesOptions) {
    this.#log = options.log;
    this.errors = options.errors;
    this.label = options.label ?? '@ROOT';
  }

  get rules(): readonly Rule[] {
    return this.#rules;
  }

  /** Adds a rule below the others. */
  add(rule: Rule): void {
    this.#rules.push(rule);
    this.#cache.clear();
  }

  emit(tag: string, stream: EventStream): void | Promise<void> {
    let route = this.#cache.get(tag);
    if (route === undefined) {
      route = this.#find(tag);
      // A sender that makes up tags must not fill the memory: start over, routes are cheap.
      if (this.#cache.size >= tagCacheLimit) this.#cache.clear();
      this.#cache.set(tag, route);
    }
    const { output, filters } = route;
    if (output === undefined) {
      this.#unmatched(tag, stream);
      return;
    }
    return filters.length === 0
      ? this.#write(output, tag, stream)
      : this.#filterAndWrite(filters, output, tag, stream);
  }

  #filterAndWrite(
    filters: readonly Filter[],
    output: Output,
    tag: string,
    stream: EventStream,
  ): void | Promise<void> {
    let left = stream;
    try {
      for (const filter of filters) {
        left = filter.filter(tag, left);
        if (left.count === 0) break;
      }
    } catch (error) {
      // What the filters before have given to @ERROR comes once more with the whole; it is not lost.
      return join(this.errors.takePending(), () => this.errors.failed(tag, stream, error));
    }
    const rest = left;
    const write = (): void | Promise<void> =>
      rest.count === 0 ? undefined : this.#write(output, tag, rest);
    return join(this.errors.takePending(), write);
  }

  #write(output: Output, tag: string, stream: EventStream): void | Promise<void> {
    let kept: void | Promise<void>;
    try {
      kept = output.write(tag, stream);
    } catch (error) {
      return this.errors.failed(tag, stream, error);
    }
    return kept?.catch((error: unknown) => this.errors.failed(tag, stream, error));
  }

  #find(tag: string): Route {
    const filters: Filter[] = [];
    for (const rule of this.#rules) {
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
    if (!this.#warned.add(tag)) return;
    const where = this.label === '@ROOT' ? '' : ` in <label ${this.label}>`;
    this.#log.warn(
      { tag, ...(this.label !== '@ROOT' && { label: this.label }) },
      `no <match> for tag "${tag}"${where}: its events are dropped`,
    );
  }
}

/** Both what is pending and what `last` does; at once where nothing is pending. */
function join(pending: Promise<void>[], last: () => void | Promise<void>): void | Promise<void> {
  if (pending.length === 0) return last();
  return settled([...pending, (async () => last())()]);
}

/** Waits for all, so that nothing still reads the bytes when the first error is told. */
async function settled(promises: Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(promises)) {
    if (result.status === 'rejected') throw result.reason;
  }
}
