import { ConfigElement, defineSection, t, type SectionOf } from '@sluice/config';
import type { EventStream } from '@sluice/event-stream';
import {
  defineOutput,
  innerPlugin,
  Output,
  type EventSink,
  type Keeping,
  type OutputContext,
} from '@sluice/plugin';

const description = 'Gives each message to one <store>, in turn.';

const section = defineSection({
  name: 'match',
  description,
  sections: {
    stores: { raw: 'store', multiple: true, required: true, description: 'An output, by @type.' },
  },
});

const weightType = t.integer({ min: 0 });

interface Store {
  readonly output: EventSink;
  /** Its share of the messages. Fluentd: `weight`. */
  readonly weight: number;
  /** How much it is ahead of, or behind, its share. */
  credit: number;
}

function storeOf(element: ConfigElement, context: OutputContext): Store {
  const written = element.get('weight');
  const read = weightType.read(written ?? '1');
  if (!read.ok) throw element.error(`weight: ${read.message}`, { param: 'weight' });
  const output = innerPlugin(context, 'output', withoutWeight(element));
  return { output, weight: read.value, credit: 0 };
}

/** The section as the output itself has it. */
function withoutWeight(element: ConfigElement): ConfigElement {
  const { name, arg, location, argLocation, elements } = element;
  const params = [...element.params.values()].filter((param) => param.name !== 'weight');
  return new ConfigElement({ name, arg, location, argLocation, elements, params });
}

class RoundrobinOutput extends Output {
  readonly #stores: readonly Store[];
  readonly #total: number;

  constructor(context: OutputContext, stores: readonly Store[]) {
    super(context);
    this.#stores = stores.filter(({ weight }) => weight > 0);
    this.#total = stores.reduce((sum, { weight }) => sum + weight, 0);
  }

  write(tag: string, stream: EventStream): Keeping {
    return this.#next().output.write(tag, stream);
  }

  /** Shares are mixed: with weights 3 and 1 the turns are a, a, b, a. */
  #next(): Store {
    let [next] = this.#stores;
    for (const store of this.#stores) {
      store.credit += store.weight;
      if (store.credit > next.credit) next = store;
    }
    next.credit -= this.#total;
    return next;
  }
}

function create(
  config: SectionOf<typeof section>,
  context: OutputContext,
  element: ConfigElement,
): RoundrobinOutput {
  const stores = config.stores.map((store) => storeOf(store, context));
  if (stores.every(({ weight }) => weight === 0)) {
    throw element.error('every <store> has weight 0', { hint: 'give one of them a weight' });
  }
  return new RoundrobinOutput(context, stores);
}

/** `@type roundrobin`. Fluentd: `out_roundrobin`. */
export const roundrobinOutput = defineOutput({
  type: 'roundrobin',
  description,
  section,
  create,
});
