import type { EventStream } from '@sluice/event-stream';
import { Plugin } from './plugin.js';

/** How formatted bytes are cut into records, which tells where a broken tail of a file begins. */
export type Framing = 'lines' | 'msgpack' | 'none';

/** Writes events as bytes. Fluentd: `Fluent::Plugin::Formatter`, `<format>`. */
export abstract class Formatter extends Plugin {
  /** How what it writes is cut into records. Default: `lines`. */
  readonly framing: Framing = 'lines';

  /**
   * The events as bytes, one after another.
   *
   * @returns bytes that nobody else has: the caller may keep and change them
   * @throws where an event cannot be written in this format
   */
  abstract format(tag: string, stream: EventStream): Buffer;

  /**
   * As {@link Formatter.format}, into a buffer of the caller, who collects the events of many streams
   * before writing them. Default: `format`, and a copy.
   *
   * @param target gets the bytes; what lies behind them in it may be overwritten, too
   * @param offset where the first byte goes
   * @returns the position after the last byte; or, where the bytes do not fit, a negative number:
   *   minus the size that `target` would have to have
   */
  formatInto(tag: string, stream: EventStream, target: Buffer, offset: number): number {
    const bytes = this.format(tag, stream);
    const end = offset + bytes.length;
    if (end > target.length) return -end;
    bytes.copy(target, offset);
    return end;
  }
}

declare module './context.js' {
  interface InnerPlugins {
    /** Turns events into text or bytes. Fluentd: `<format>`. */
    formatter: Formatter;
  }
}
