import { defineSection } from '@sluice/config';
import { defineOutput, KEPT, Output, type Keeping } from '@sluice/plugin';

class NullOutput extends Output {
  write(): Keeping {
    return KEPT;
  }
}

/** `@type null`: takes everything and keeps nothing. Fluentd: `out_null`. */
export const nullOutput = defineOutput({
  type: 'null',
  description: 'Takes events and drops them.',
  section: defineSection({ name: 'match', description: 'Takes events and drops them.' }),
  create: (_config, context) => new NullOutput(context),
});
