import { defineInput, listenProblems } from '@sluice/plugin';
import { ForwardInput } from './forward-input.js';
import { forwardSection } from './section.js';

/** `<source> @type forward`, for the agent's registry. */
export const forwardInput = defineInput({
  type: 'forward',
  description: "Receives events from Fluentd's forward protocol.",
  section: forwardSection,
  create: (config, context) => new ForwardInput(context, config),
  startProblems: (config, context, element) => listenProblems(config, element, context),
});
