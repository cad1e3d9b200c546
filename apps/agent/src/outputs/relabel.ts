import { defineSection, type ConfigElement } from '@sluice/config';
import type { EventStream } from '@sluice/event-stream';
import { defineOutput, Output, type OutputContext, type Router } from '@sluice/plugin';
import { RelabelLoopError } from '../routing/relabel-loop-error.js';

class RelabelOutput extends Output {
  readonly #router: Router;
  #busy = false;

  constructor(
    context: OutputContext,
    readonly label: string,
    element: ConfigElement,
  ) {
    super(context);
    if (context.router === undefined) throw element.error('there are no labels to go to');
    this.#router = context.router;
  }

  write(tag: string, stream: EventStream): void | Promise<void> {
    // Nothing is awaited on the way, so whoever comes here again meanwhile has gone in a circle.
    if (this.#busy) throw new RelabelLoopError(this.label, tag);
    this.#busy = true;
    try {
      return this.#router.emit(tag, stream);
    } finally {
      this.#busy = false;
    }
  }
}

const description = 'Hands the events on to the routes of another <label>, with the same tag.';

/** `@type relabel`. Fluentd: `out_relabel`. */
export const relabelOutput = defineOutput({
  type: 'relabel',
  description,
  section: defineSection({ name: 'match', description }),
  create: (_config, context, element) => {
    const { label } = element;
    if (label === undefined) {
      throw element.error('@label is required for relabel', {
        code: 'ERR_SLUICE_CONFIG_REQUIRED',
        hint: 'add a line "@label @NAME" with the label that the events go to',
      });
    }
    return new RelabelOutput(context, label, element);
  },
});
