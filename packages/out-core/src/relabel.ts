import { defineSection, type ConfigElement } from '@sluice/config';
import type { EventStream } from '@sluice/event-stream';
import {
  defineOutput,
  Output,
  type Keeping,
  type OutputContext,
  type Router,
} from '@sluice/plugin';

class RelabelOutput extends Output {
  readonly #router: Router;

  constructor(context: OutputContext, element: ConfigElement) {
    super(context);
    if (context.router === undefined) throw element.error('there are no labels to go to');
    this.#router = context.router;
  }

  write(tag: string, stream: EventStream): Keeping {
    return this.#router.emit(tag, stream);
  }
}

const description = 'Hands the events on to the routes of another <label>, with the same tag.';

/** `@type relabel`. Fluentd: `out_relabel`. */
export const relabelOutput = defineOutput({
  type: 'relabel',
  description,
  passesEventsOn: true,
  section: defineSection({ name: 'match', description }),
  create: (_config, context, element) => {
    if (element.label === undefined) {
      throw element.error('@label is required for relabel', {
        code: 'ERR_SLUICE_CONFIG_REQUIRED',
        hint: 'add a line "@label @NAME" with the label that the events go to',
      });
    }
    return new RelabelOutput(context, element);
  },
});
