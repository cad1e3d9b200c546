import { defineInput, listenProblems } from '@sluice/plugin';
import { HttpInput } from './http-input.js';
import { httpSection } from './section.js';

/** `@type http`. Fluentd: `in_http`. */
export const httpInput = defineInput({
  type: 'http',
  description: 'Receives events over HTTP and HTTPS; the path is the tag.',
  section: httpSection,
  create: (config, context, element) => new HttpInput(context, config, element),
  startProblems: (config, context, element) => listenProblems(config, element, context),
});
