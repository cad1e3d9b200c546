import { defineSection } from '@sluice/config';
import type { EventStream } from '@sluice/event-stream';
import { defineOutput, KEPT, Output, type Keeping, type OutputContext } from '@sluice/plugin';
import type { RecentEvents } from './recent-events.js';

class PlaygroundOutput extends Output {
  readonly #recent: RecentEvents;

  constructor(context: OutputContext, recent: RecentEvents) {
    super(context);
    this.#recent = recent;
  }

  write(tag: string, stream: EventStream): Keeping {
    this.#recent.add(tag, stream);
    return KEPT;
  }
}

/** `@type playground`: an output that shows what comes in, and keeps nothing. */
export function playgroundOutput(recent: RecentEvents) {
  const description = 'Shows the events that come in.';
  return defineOutput({
    type: 'playground',
    description,
    section: defineSection({ name: 'match', description }),
    create: (_config, context) => new PlaygroundOutput(context, recent),
  });
}
