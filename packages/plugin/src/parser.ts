import type { EventPacker, EventTime } from '@sluice/event-stream';
import { Plugin } from './plugin.js';

/** Takes one event that a parser found; `time` is undefined where the text has none. */
export type ParsedCallback = (time: EventTime | undefined, record: Record<string, unknown>) => void;

/** Thrown by a parser for a text that it cannot read. */
export class ParseError extends Error {
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_PARSE';
  /** What a stack trace begins with. */
  override readonly name = 'ParseError';

  constructor(
    /** The type of the parser. */
    readonly parser: string,
    /** What is wrong with the text, without the text. */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${parser}: ${reason}`, options);
  }
}

/** Turns text into events. Fluentd: `Fluent::Plugin::Parser`, `<parse>`. */
export abstract class Parser extends Plugin {
  /** Whether it reads bytes of any kind, rather than text in UTF-8. Default: false. */
  readonly takesBytes: boolean = false;

  /**
   * Reads one text: a line, a datagram, a body. Most parsers find one event in it.
   *
   * @param text valid during the call only: what a record keeps of it is a string or a copy
   * @param found called for each event, while this runs
   * @throws ParseError for a text that cannot be read
   */
  abstract parse(text: Buffer, found: ParsedCallback): void;

  /**
   * As {@link Parser.parse}, for a caller that wants the events packed and does not look into them. A
   * parser that can write them without making records overrides this; by default it is done with
   * {@link Parser.parse}.
   *
   * @param packer gets the events
   * @param time of events whose text has none (default: now)
   * @throws ParseError for a text that cannot be read
   * @throws EventStreamError for a record that is nested too deep
   */
  parseInto(text: Buffer, packer: EventPacker, time?: EventTime): void {
    this.parse(text, (found, record) => packer.add(found ?? time, record));
  }
}

declare module './context.js' {
  interface InnerPlugins {
    /** Turns text into events. Fluentd: `<parse>`. */
    parser: Parser;
  }
}
