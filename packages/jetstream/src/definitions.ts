import { defineInput, defineOutput } from '@sluice/plugin';
import { jetstreamInputSection } from './input-section.js';
import { JetStreamInput } from './jetstream-input.js';
import { JetStreamOutput } from './jetstream-output.js';
import { jetstreamOutputSection } from './output-section.js';

/** `<match> @type jetstream`, for the agent's registry. */
export const jetstreamOutput = defineOutput({
  type: 'jetstream',
  description: 'Publishes chunks to a stream of NATS JetStream, each exactly once.',
  section: jetstreamOutputSection,
  create: (config, context) => new JetStreamOutput(context, config),
});

/** `<source> @type jetstream`. */
export const jetstreamInput = defineInput({
  type: 'jetstream',
  description: 'Takes chunks from a stream of NATS JetStream, and acknowledges them once kept.',
  section: jetstreamInputSection,
  create: (config, context) => new JetStreamInput(context, config),
});
