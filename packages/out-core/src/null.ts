import { defineSection, t } from '@sluice/config';
import { defineOutput, KEPT, Output, type Keeping, type OutputContext } from '@sluice/plugin';

class NullOutput extends Output {
  readonly #neverFlush: boolean;

  constructor(context: OutputContext, neverFlush: boolean) {
    super(context);
    this.#neverFlush = neverFlush;
  }

  write(): Keeping {
    return this.#neverFlush ? Promise.reject(new NeverFlushedError(this.id)) : KEPT;
  }
}

/** What an output with never_flush answers: the events stay where they are. */
class NeverFlushedError extends Error {
  override readonly name = 'NeverFlushedError';
  readonly code = 'ERR_SLUICE_NEVER_FLUSHED';

  constructor(id: string) {
    super(`${id} takes no events: never_flush`);
  }
}

/** `@type null`: takes everything and keeps nothing. Fluentd: `out_null`. */
export const nullOutput = defineOutput({
  type: 'null',
  description: 'Takes events and drops them.',
  section: defineSection({
    name: 'match',
    description: 'Takes events and drops them.',
    params: {
      neverFlush: t
        .bool()
        .default(false)
        .describe('Take nothing, so that a buffer in front fills: for trying that out'),
    },
  }),
  create: ({ neverFlush }, context) => new NullOutput(context, neverFlush),
});
