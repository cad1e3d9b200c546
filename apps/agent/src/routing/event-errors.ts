import type { EventStream } from '@sluice/event-stream';
import { KEPT, type Keeping, type Router } from '@sluice/plugin';
import type { Logger } from '@sluice/server';

export interface EventErrorsOptions {
  readonly log: Logger;
  /** The routes of `<label @ERROR>`; without it, and inside of it, there are none. */
  readonly router?: Router | undefined;
  /** Seconds between two lines about failed emits. Fluentd: `emit_error_log_interval`. Default 0. */
  readonly logInterval?: number | undefined;
}

/** Characters of a dropped record that the log shows. */
const shownRecord = 2000;

function errorFields(error: unknown): { error: string; error_class: string } {
  return error instanceof Error
    ? { error: error.message, error_class: error.name }
    : { error: String(error), error_class: typeof error };
}

/** The first record, as the log shows it. */
function firstRecord(stream: EventStream): string {
  // Of thousands only one is converted.
  const [first] = stream.parts({ bytes: 1, events: 1 });
  const text = first.toJsonLines().toString('utf8');
  const line = text.slice(0, text.indexOf('\n'));
  return line.length > shownRecord ? `${line.slice(0, shownRecord)}…` : line;
}

/**
 * Where events go that could not be processed: to `<label @ERROR>`, or into the log. Fluentd:
 * `emit_error_event` and `handle_emits_error`.
 */
export class EventErrors {
  /** Events that a filter could not process. */
  errorEvents = 0;
  /** Streams that no output has kept, or that a filter failed on. */
  failedEmits = 0;
  #nextLine = 0;
  #pending: Promise<void>[] = [];

  constructor(readonly options: EventErrorsOptions) {}

  /** Takes single events out of the way of the others; for a filter, while it runs. */
  readonly emit = (tag: string, stream: EventStream, error: Error): Keeping => {
    this.errorEvents += stream.count;
    const { log, router } = this.options;
    const fields = { tag, events: stream.count, ...errorFields(error) };
    if (router === undefined) {
      log.warn({ ...fields, record: firstRecord(stream) }, 'dump an error event');
      return KEPT;
    }
    log.warn(fields, 'send an error event to @ERROR');
    const kept = router.emit(tag, stream);
    if (kept !== KEPT) this.#pending.push(kept);
    return kept;
  };

  /** What the filters since the last call have left unfinished; an acknowledgement waits for it. */
  takePending(): Promise<void>[] {
    const pending = this.#pending;
    if (pending.length > 0) this.#pending = [];
    return pending;
  }

  /**
   * A stream that a filter or an output failed on.
   *
   * @param plugin its id
   * @throws the error, where there is no `@ERROR` to take the stream: it is not kept
   */
  failed(plugin: string, tag: string, stream: EventStream, error: unknown): Keeping {
    this.failedEmits += 1;
    const { log, router, logInterval = 0 } = this.options;
    const fields = { plugin, tag, events: stream.count, ...errorFields(error) };
    if (router !== undefined) {
      log.warn(fields, 'send an error event stream to @ERROR');
      return router.emit(tag, stream);
    }
    const now = Date.now();
    if (now >= this.#nextLine) {
      log.warn(fields, 'emit transaction failed: the events are not acknowledged');
      this.#nextLine = now + logInterval * 1000;
    }
    throw error;
  }
}
