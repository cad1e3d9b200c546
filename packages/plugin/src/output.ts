import type { ConfigElement } from '@sluice/config';
import type { EventStream } from '@sluice/event-stream';
import type { ChunkInfo } from './chunk-store.js';
import type { PluginContext } from './context.js';
import type { Keeping } from './kept.js';
import { Plugin } from './plugin.js';
import type { Router } from './router.js';

/** What the host gives to an output. */
export interface OutputContext extends PluginContext {
  /**
   * For outputs that hand events on: the routes of the `@label` of the section, or else those that
   * the section itself stands in. Fluentd: `helpers :event_emitter`. Default: there are none.
   */
  readonly router?: Router;
  /**
   * For outputs with several ways to hand events on: the routes of the `@label` of a section inside,
   * or else {@link OutputContext.router}. Default: there are none.
   *
   * @throws ConfigError for an unknown label
   */
  readonly routerOf?: (section: ConfigElement) => Router;
}

/** What takes events: an output, or what a host has put around one. */
export interface EventSink {
  /** The id of the output. */
  readonly id: string;
  /** See {@link Output.write}. */
  write(tag: string, stream: EventStream, chunk?: ChunkInfo): Keeping;
}

/** A plugin that takes events out. Fluentd: `Fluent::Plugin::Output`, `<match>`. */
export abstract class Output extends Plugin implements EventSink {
  /**
   * Takes responsibility for the events. Fluentd: `process` and `write`.
   *
   * The stream's bytes are valid until what this returns has settled. Whoever wants them longer
   * copies them: `stream.copy()`.
   *
   * @param chunk with a `<buffer>` in front: the chunk that the events are, with the values of its
   *   chunk keys. Its id is the stream's `chunkId`, too
   * @returns `KEPT` when the events are kept already, else a promise that resolves when they are; it
   *   rejects when they cannot be kept, and then nothing is acknowledged to the sender, or the buffer
   *   tries again: see {@link UnrecoverableError}. An `async` method needs nothing more
   */
  abstract write(tag: string, stream: EventStream, chunk?: ChunkInfo): Keeping;

  /**
   * Writes out at once what is held back, and opens files anew where something outside may have
   * renamed them. The agent calls it on SIGUSR1, as Fluentd flushes its buffers then. An output
   * that holds nothing back needs none.
   */
  flush?(): void | Promise<void>;
}

declare module './context.js' {
  interface InnerPlugins {
    /** Takes events out, run as the host runs an output: with its buffer. Fluentd: `<store>`. */
    output: EventSink;
  }
}
