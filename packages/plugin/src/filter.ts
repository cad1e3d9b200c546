import type { EventStream } from '@sluice/event-stream';
import type { PluginContext } from './context.js';
import { KEPT, type Keeping } from './kept.js';
import { Plugin } from './plugin.js';

/** What the host gives to a filter. */
export interface FilterContext extends PluginContext {
  /** Where {@link Filter.emitErrorEvents} leads. Default: the events are dropped with a warning. */
  readonly emitErrorEvents?: (tag: string, stream: EventStream, error: Error) => Keeping;
}

/** A plugin that changes or drops events on their way. Fluentd: `Fluent::Plugin::Filter`. */
export abstract class Filter extends Plugin {
  readonly #emitErrorEvents: FilterContext['emitErrorEvents'];

  constructor(context: FilterContext) {
    super(context);
    this.#emitErrorEvents = context.emitErrorEvents;
  }

  /**
   * An event that cannot be processed is handed to {@link Filter.emitErrorEvents} and left out; the
   * others go on.
   *
   * One that has much to do works in slices and returns a promise, so that nobody else waits for it;
   * the stream's bytes are valid until that has settled, and the next stream of the tag comes after
   * it.
   *
   * @returns the events that go on, or a promise of them; the same stream where nothing changes, which
   *   costs nothing.
   * @throws when nothing can be done with the stream; all of it then goes to the label `@ERROR`, and
   *   where there is none it is not kept and not acknowledged.
   */
  abstract filter(tag: string, stream: EventStream): EventStream | Promise<EventStream>;

  /**
   * Gives events that this filter cannot process to the label `@ERROR`; without such a label they
   * are dropped with a warning. Where it is called while `filter` runs, before the first `await`, the
   * acknowledgement waits for them too. Fluentd: `router.emit_error_event`.
   *
   * @returns whether they are kept; a `filter` that returns a promise awaits it, for others the host
   *   does
   */
  protected emitErrorEvents(tag: string, stream: EventStream, error: Error): Keeping {
    if (this.#emitErrorEvents !== undefined) return this.#emitErrorEvents(tag, stream, error);
    this.log.warn({ tag, events: stream.count, error: error.message }, 'events are dropped');
    return KEPT;
  }
}
