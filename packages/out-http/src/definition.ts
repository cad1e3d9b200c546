import { defineOutput, innerPlugin } from '@sluice/plugin';
import { HttpOutput } from './http-output.js';
import { httpOutputSection } from './section.js';

/** `<match> @type http`. Fluentd: `out_http`. */
export const httpOutput = defineOutput({
  type: 'http',
  description: 'Sends events by HTTP: one request for each chunk.',
  section: httpOutputSection,
  create: (config, context, element) => {
    const discoveries = config.serviceDiscovery.map((section) =>
      innerPlugin(context, 'service_discovery', section),
    );
    return new HttpOutput(context, config, element, discoveries);
  },
});
