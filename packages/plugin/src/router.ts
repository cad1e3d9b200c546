import type { EventStream } from '@sluice/event-stream';
import type { Keeping } from './kept.js';

/**
 * Where an input hands its events to.
 *
 * Data flows one way; the only thing that comes back is whether the events were kept.
 */
export interface Router {
  /**
   * Routes the events to the outputs that match the tag. Fluentd: `router.emit_stream`.
   *
   * The stream's bytes must not change until what this returns has settled.
   *
   * @returns `KEPT` when every output has taken responsibility already; otherwise a promise that
   *   resolves when they have, and rejects when one could not. An input that acknowledges must do
   *   so only after the former, and never after a rejection
   */
  emit(tag: string, stream: EventStream): Keeping;
}
