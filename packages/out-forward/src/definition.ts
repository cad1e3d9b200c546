import { defineOutput } from '@sluice/plugin';
import { ForwardOutput } from './forward-output.js';
import { forwardOutputSection } from './section.js';

/** `<match> @type forward`, for the agent's registry. */
export const forwardOutput = defineOutput({
  type: 'forward',
  description: "Sends events on by Fluentd's forward protocol: to Fluentd, Fluent Bit or an agent.",
  section: forwardOutputSection,
  create: (config, context) => new ForwardOutput(context, config),
});
