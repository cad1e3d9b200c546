import type { EventStream } from '@sluice/event-stream';
import { allKept, KEPT, type EventSink, type Keeping, type Router } from '@sluice/plugin';
import type { Logger } from '@sluice/server';
import { BoundedSet } from './bounded-set.js';
import type { EventErrors } from './event-errors.js';
import { RouteLoopError } from './route-loop-error.js';

/** A filter, or what the host has put around one. */
export interface FilterStep {
  /** The id of the filter. */
  readonly id: string;
  filter(tag: string, stream: EventStream): EventStream;
}

/** One `<filter>` or `<match>`, in the order of the configuration. */
export type Rule =
  (Matching & { readonly filter: FilterStep }) | (Matching & { readonly output: EventSink });

interface Matching {
  /** As it is written in the configuration. */
  readonly pattern: string;
  readonly matches: (tag: string) => boolean;
}

interface Route {
  readonly filters: readonly FilterStep[];
  readonly output: EventSink | undefined;
}

/** How many emits may stand inside each other, from outputs that hand events on. */
const deepest = 100;
/** Emits hand on to others at once, so one count holds for all routes of the process. */
let depth = 0;

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

  emit(tag: string, stream: EventStream): Keeping {
    let route = this.#cache.get(tag);
    if (route === undefined) {
      route = this.find(tag);
      // A sender that makes up tags must not fill the memory: start over, routes are cheap.
      if (this.#cache.size >= tagCacheLimit) this.#cache.clear();
      this.#cache.set(tag, route);
    }
    const { output, filters } = route;
    if (output === undefined) return this.#unmatched(tag, stream);
    if (depth >= deepest) throw new RouteLoopError(this.label, tag);
    depth += 1;
    try {
      return filters.length === 0
        ? this.#write(output, tag, stream)
        : this.#filterAndWrite(filters, output, tag, stream);
    } finally {
      depth -= 1;
    }
  }

  /** The way that events of a tag go. */
  find(tag: string): Route {
    const filters: FilterStep[] = [];
    for (const rule of this.#rules) {
      if (!rule.matches(tag)) continue;
      if ('output' in rule) return { filters, output: rule.output };
      filters.push(rule.filter);
    }
    return { filters, output: undefined };
  }

  #filterAndWrite(
    filters: readonly FilterStep[],
    output: EventSink,
    tag: string,
    stream: EventStream,
  ): Keeping {
    let left = stream;
    let id = '';
    try {
      for (const filter of filters) {
        ({ id } = filter);
        left = filter.filter(tag, left);
        if (typeof (left as { count?: unknown } | undefined)?.count !== 'number') {
          throw new TypeError(`filter must return an event stream, but returned ${typeof left}`);
        }
        if (left.count === 0) break;
      }
    } catch (error) {
      // What the filters before have given to @ERROR comes once more with the whole; it is not lost.
      return join(this.errors.takePending(), () => this.errors.failed(id, tag, stream, error));
    }
    const rest = left;
    const write = (): Keeping => (rest.count === 0 ? KEPT : this.#write(output, tag, rest));
    return join(this.errors.takePending(), write);
  }

  #write(output: EventSink, tag: string, stream: EventStream): Keeping {
    let kept: Keeping;
    try {
      kept = output.write(tag, stream);
    } catch (error) {
      return this.errors.failed(output.id, tag, stream, error);
    }
    if (kept === KEPT) return KEPT;
    return kept.catch(async (error: unknown) => {
      const elsewhere = this.errors.failed(output.id, tag, stream, error);
      if (elsewhere !== KEPT) await elsewhere;
    });
  }

  // As in Fluentd such events are dropped, and acknowledged: the configuration says that nobody
  // wants them, and a sender would repeat them for ever.
  #unmatched(tag: string, stream: EventStream): Keeping {
    this.unmatchedEvents += stream.count;
    if (!this.#warned.add(tag)) return KEPT;
    const where = this.label === '@ROOT' ? '' : ` in <label ${this.label}>`;
    this.#log.warn(
      { tag, ...(this.label !== '@ROOT' && { label: this.label }) },
      `no <match> for tag "${tag}"${where}: its events are dropped`,
    );
    return KEPT;
  }
}

/** Both what is pending and what `last` does; at once where nothing is pending. */
function join(pending: Promise<void>[], last: () => Keeping): Keeping {
  if (pending.length === 0) return last();
  const lastKept = async (): Promise<void> => {
    const kept = last();
    if (kept !== KEPT) await kept;
  };
  return allKept([...pending, lastKept()]);
}
