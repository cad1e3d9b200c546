import type { EventStream } from '@sluice/event-stream';
import { Plugin } from './plugin.js';

/** A plugin that takes events out. Fluentd: `Fluent::Plugin::Output`, `<match>`. */
export abstract class Output extends Plugin {
  /**
   * Takes responsibility for the events.
   *
   * The stream is immutable and may be kept, but it is a view on received bytes: what is kept keeps
   * the whole read that it came in from being freed.
   *
   * @returns `undefined` when the events are kept already, else a promise that resolves when they
   *   are; it rejects when they cannot be kept, and then nothing is acknowledged to the sender.
   */
  abstract write(tag: string, stream: EventStream): void | Promise<void>;

  /**
   * Writes out at once what is held back, and opens files anew where something outside may have
   * renamed them. The agent calls it on SIGUSR1, as Fluentd flushes its buffers then. An output
   * that holds nothing back needs none.
   */
  flush?(): void | Promise<void>;
}
