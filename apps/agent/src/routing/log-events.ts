import { AsyncLocalStorage } from 'node:async_hooks';
import type { ConfigElement } from '@sluice/config';
import { EventStream, EventTime, type EventInput } from '@sluice/event-stream';
import { KEPT, type Router } from '@sluice/plugin';
import { fieldText, logLevels, type LineListener, type LogLevel } from '@sluice/log';

const logLabel = '@FLUENT_LOG';
/** Lines that wait for the pipeline; what comes on top is left out. */
const longestQueue = 1000;

/** Set while events of the log are routed, and in all that this starts. */
const routing = new AsyncLocalStorage<true>();

/**
 * Where the agent's own lines go as events: `<label @FLUENT_LOG>`, or else the top level where a
 * `<match>` names the tags `fluent.…`. A `<match **>` alone does not ask for them: it is there for
 * what comes in.
 *
 * @param elements the sections of the top level, as this worker sees them
 * @returns undefined where nobody wants them
 */
export function logRoutes(
  elements: readonly ConfigElement[],
  pipeline: { readonly routes: Router; readonly labels: ReadonlyMap<string, Router> },
): Router | undefined {
  const label = pipeline.labels.get(logLabel);
  if (label !== undefined) return label;
  const named = elements.some(
    ({ name, arg }) => name === 'match' && arg.split(/[\s{},]+/).some(isOfLog),
  );
  return named ? pipeline.routes : undefined;
}

function isOfLog(pattern: string): boolean {
  return pattern === 'fluent' || pattern.startsWith('fluent.');
}

/**
 * Gives the agent's own lines to the pipeline, as events with the tags `fluent.info`, `fluent.warn`
 * and so on. Lines that are caused by routing such events are not given again. Fluentd: the log
 * event router.
 */
export class LogEvents {
  #queue: { level: LogLevel; event: EventInput }[] = [];
  #state: 'waiting' | 'open' | 'closed' = 'waiting';
  #scheduled = false;

  constructor(readonly router: Router) {}

  /** Takes a line; to be handed on as a function. */
  readonly add: LineListener = (level, plugin, fields, text) => {
    if (this.#state === 'closed' || routing.getStore() === true) return;
    if (this.#queue.length >= longestQueue) return;
    this.#queue.push({
      level,
      event: { time: EventTime.now(), record: recordOf(plugin, fields, text) },
    });
    this.#schedule();
  };

  /** To be called when all plugins have started: lines that have waited are given on. */
  open(): void {
    this.#state = 'open';
    this.#schedule();
  }

  /** Gives on what is left. To be called before plugins stop: nothing is taken afterwards. */
  close(): void {
    if (this.#state === 'open') this.#flush();
    this.#state = 'closed';
    this.#queue = [];
  }

  #schedule(): void {
    if (this.#state !== 'open' || this.#scheduled || this.#queue.length === 0) return;
    // Never inside of what logs: a plugin is not entered a second time.
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#state === 'open') this.#flush();
    });
  }

  #flush(): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const level of logLevels) {
      const events = queue.filter((line) => line.level === level).map(({ event }) => event);
      if (events.length > 0) routing.run(true, () => this.#emit(level, events));
    }
  }

  #emit(level: LogLevel, events: EventInput[]): void {
    try {
      const kept = this.router.emit(`fluent.${level}`, EventStream.fromEvents(events));
      if (kept !== KEPT) kept.catch(() => undefined); // the routes have said it in the log
    } catch {
      // Likewise.
    }
  }
}

/** As Fluentd has it: the fields, and the text with the fields in it. */
function recordOf(
  plugin: string | undefined,
  fields: object,
  text: string,
): Record<string, unknown> {
  const plain = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, plainValue(value)] as const);
  const more = plain.map(([key, value]) => ` ${key}=${fieldText(value)}`).join('');
  return {
    ...Object.fromEntries(plain),
    ...(plugin !== undefined && { plugin }),
    message: text + more,
  };
}

/** What can be in a record. */
function plainValue(value: unknown): unknown {
  if (value instanceof Error) return value.message;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return String(value);
  const text = JSON.stringify(value) as string | undefined; // undefined for a function
  return text === undefined ? null : (JSON.parse(text) as unknown);
}
