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
}

declare module './context.js' {
  interface InnerPlugins {
    formatter: Formatter;
  }
}
