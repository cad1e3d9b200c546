import type { EventStream } from '@sluice/event-stream';
import { Plugin } from './plugin.js';

/** A plugin that changes or drops events on their way. Fluentd: `Fluent::Plugin::Filter`. */
export abstract class Filter extends Plugin {
  /**
   * @returns the events that go on; the same stream where nothing changes, which costs nothing.
   * @throws when the events cannot be processed; they are then not kept and not acknowledged.
   */
  abstract filter(tag: string, stream: EventStream): EventStream;
}
