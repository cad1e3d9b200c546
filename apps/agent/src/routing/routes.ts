import type { EventStream } from '@sluice/event-stream';
import {
  allKept,
  KEPT,
  printable,
  type EventSink,
  type Keeping,
  type Router,
} from '@sluice/plugin';
import type { FilterStep } from '@sluice/plugin/host';
import type { Logger } from '@sluice/server';
import { BoundedSet } from './bounded-set.js';
import type { EventErrors } from './event-errors.js';
import { RouteLoopError } from './route-loop-error.js';

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
  /** By tag: filters that are not through with a stream, so that the next one has to wait. */
  readonly #filtering = new Map<string, Promise<void>>();
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
    const before = this.#filtering.get(tag);
    if (before !== undefined) {
      // The events of a tag keep their order.
      return this.#filterLater(tag, async () => {
        await before;
        return this.#filterFrom(0, filters, output, tag, stream, stream);
      });
    }
    const left = this.#filterFrom(0, filters, output, tag, stream, stream);
    return typeof left === 'function' ? left() : this.#filterLater(tag, () => left);
  }

  /** Later emits of the tag wait until its filters are through, not until its events are kept. */
  async #filterLater(tag: string, filtering: () => Promise<Rest> | Rest): Promise<void> {
    const running = (async () => filtering())();
    const done = running.then(
      () => undefined,
      () => undefined,
    );
    this.#filtering.set(tag, done);
    let write: Rest;
    try {
      write = await running;
    } finally {
      if (this.#filtering.get(tag) === done) this.#filtering.delete(tag);
    }
    const kept = write();
    if (kept !== KEPT) await kept;
  }

  /**
   * Gives the events to the filters from a place on; `whole` is what came in.
   *
   * @returns what is left to do: to write what the filters have left, or to give the whole to @ERROR;
   *   a promise of it where a filter takes its time
   */
  #filterFrom(
    first: number,
    filters: readonly FilterStep[],
    output: EventSink,
    tag: string,
    whole: EventStream,
    stream: EventStream,
  ): Rest | Promise<Rest> {
    let left = stream;
    let id = '';
    // What the filters before have given to @ERROR comes once more with the whole; it is not lost.
    const failed = (error: unknown): Rest => {
      const pending = this.errors.takePending();
      return () => join(pending, () => this.errors.failed(id, tag, whole, error));
    };
    try {
      for (let index = first; index < filters.length && left.count > 0; index += 1) {
        const filter = filters[index];
        ({ id } = filter);
        const next = filter.filter(tag, left);
        if (next instanceof Promise) {
          return next.then((later) => {
            try {
              return this.#filterFrom(index + 1, filters, output, tag, whole, checked(later));
            } catch (error) {
              return failed(error);
            }
          }, failed);
        }
        left = checked(next);
      }
    } catch (error) {
      return failed(error);
    }
    const pending = this.errors.takePending();
    const rest = left;
    return () => join(pending, () => (rest.count === 0 ? KEPT : this.#write(output, tag, rest)));
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
    const shown = printable(tag);
    this.#log.warn(
      { tag: shown, ...(this.label !== '@ROOT' && { label: this.label }) },
      `no <match> for tag "${shown}"${where}: its events are dropped`,
    );
    return KEPT;
  }
}

/** What is left to do when the filters are through. */
type Rest = () => Keeping;

function checked(stream: EventStream): EventStream {
  if (typeof (stream as { count?: unknown } | undefined)?.count === 'number') return stream;
  throw new TypeError(`filter must return an event stream, but returned ${typeof stream}`);
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
