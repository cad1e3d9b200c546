import type { EventStream, EventTime } from '@sluice/event-stream';
import type {
  DefinitionOf,
  FilterDefinition,
  FormatterDefinition,
  InputDefinition,
  OutputDefinition,
  ParserDefinition,
} from '../definition.js';
import { checkKeeping, KEPT, type Keeping } from '../kept.js';
import { Driver, type DriverOptions } from './driver.js';
import { borrowed, borrowedText, type TestEvent } from './test-events.js';

/** An event as it comes out of a filter or a parser. */
export interface DrivenEvent {
  /** Undefined where a parser found none in the text. */
  readonly time: EventTime | undefined;
  /** A copy, which outlives the stream's bytes. */
  readonly record: Record<string, unknown>;
  /** Fluent Bit's metadata, where the entry has any. */
  readonly metadata?: Record<string, unknown>;
}

/** Drives an output: the bytes of each stream are overwritten as soon as it is kept. */
export class OutputDriver extends Driver<'output'> {
  /**
   * Hands events to the output.
   *
   * @param events records, events with a time, or a stream (of which a copy is handed on)
   * @returns what the output returned: `KEPT`, or a promise
   * @throws {@link NotAPromiseError} where it is neither
   */
  write(tag: string, events: EventStream | Iterable<TestEvent>): Keeping {
    const { stream, overwrite } = borrowed(events, this.clock.now());
    const kept = checkKeeping(this.plugin.write(tag, stream), this.plugin.id, 'write');
    if (kept !== KEPT) return kept.finally(overwrite);
    overwrite();
    return KEPT;
  }
}

/** Events that a filter has given to `@ERROR`. */
export interface ErrorEvents {
  /** Of all its events. */
  readonly tag: string;
  /** Copies, which outlive the stream's bytes. */
  readonly records: readonly Record<string, unknown>[];
  /** Why it could not process them. */
  readonly error: Error;
}

/** Drives a filter: the bytes of each stream are overwritten when it has gone through. */
export class FilterDriver extends Driver<'filter'> {
  /** What it gave to {@link Filter.emitErrorEvents}. */
  readonly errors: ErrorEvents[];

  constructor(definition: FilterDefinition, configuration: string, options: DriverOptions) {
    const errors: ErrorEvents[] = [];
    const emitErrorEvents = (tag: string, stream: EventStream, error: Error): Keeping => {
      const records = [...stream.copy()].map(({ record }) => record);
      errors.push({ tag, records, error });
      return KEPT;
    };
    super(definition, configuration, options, { emitErrorEvents });
    this.errors = errors;
  }

  /**
   * The events that go on.
   *
   * @throws TypeError where the filter returns a promise: {@link FilterDriver.filterLater} awaits it
   */
  filter(tag: string, events: EventStream | Iterable<TestEvent>): DrivenEvent[] {
    const { stream, overwrite } = borrowed(events, this.clock.now());
    try {
      const left = this.plugin.filter(tag, stream);
      if (left instanceof Promise) {
        throw new TypeError('this filter returned a promise: call filterLater and await it');
      }
      return [...left.copy()];
    } finally {
      overwrite();
    }
  }

  /** The events that go on, for a filter that may return a promise of them. */
  async filterLater(
    tag: string,
    events: EventStream | Iterable<TestEvent>,
  ): Promise<DrivenEvent[]> {
    const { stream, overwrite } = borrowed(events, this.clock.now());
    try {
      return [...(await this.plugin.filter(tag, stream)).copy()];
    } finally {
      overwrite();
    }
  }
}

/** Drives a formatter: the bytes of each stream are overwritten when it is formatted. */
export class FormatterDriver extends Driver<'formatter'> {
  /** Formats events as an output would. */
  format(tag: string, events: EventStream | Iterable<TestEvent>): Buffer {
    const { stream, overwrite } = borrowed(events, this.clock.now());
    try {
      return this.plugin.format(tag, stream);
    } finally {
      overwrite();
    }
  }
}

/** Drives a parser: each text is overwritten when it is parsed. */
export class ParserDriver extends Driver<'parser'> {
  /** @throws ParseError where the parser does */
  parse(text: string | Uint8Array): DrivenEvent[] {
    const { bytes, overwrite } = borrowedText(text);
    const found: DrivenEvent[] = [];
    try {
      this.plugin.parse(bytes, (time, record) => void found.push({ time, record }));
    } finally {
      overwrite();
    }
    return found;
  }
}

/**
 * Makes a plugin as the agent would, for a test. `await createDriver(…).start()` starts it.
 *
 * @param definition what `defineOutput` and its like return
 * @param configuration the lines inside of its section: `port 0\n<format>\n@type json\n</format>`
 * @throws ConfigError for a wrong configuration, with lines of the file `test.conf`, in which the
 *   section begins
 */
export function createDriver(
  definition: InputDefinition,
  configuration?: string,
  options?: DriverOptions,
): Driver<'input'>;
export function createDriver(
  definition: OutputDefinition,
  configuration?: string,
  options?: DriverOptions,
): OutputDriver;
export function createDriver(
  definition: FilterDefinition,
  configuration?: string,
  options?: DriverOptions,
): FilterDriver;
export function createDriver(
  definition: FormatterDefinition,
  configuration?: string,
  options?: DriverOptions,
): FormatterDriver;
export function createDriver(
  definition: ParserDefinition,
  configuration?: string,
  options?: DriverOptions,
): ParserDriver;
export function createDriver<Kind extends 'service_discovery' | 'chunk_store'>(
  definition: DefinitionOf<Kind>,
  configuration?: string,
  options?: DriverOptions,
): Driver<Kind>;
export function createDriver(
  definition: { readonly kind: string },
  configuration = '',
  options: DriverOptions = {},
): unknown {
  const Made = drivers[definition.kind] ?? Driver;
  return new Made(definition as never, configuration, options);
}

const drivers: Readonly<
  Record<
    string,
    (new (definition: never, text: string, options: DriverOptions) => object) | undefined
  >
> = {
  output: OutputDriver,
  filter: FilterDriver,
  formatter: FormatterDriver,
  parser: ParserDriver,
};
