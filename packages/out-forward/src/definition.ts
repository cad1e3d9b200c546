import { defineOutput, innerPlugin } from '@sluice/plugin';
import { ForwardOutput } from './forward-output.js';
import { forwardOutputSection } from './section.js';

/** `<match> @type forward`, for the agent's registry. */
export const forwardOutput = defineOutput({
  type: 'forward',
  description: "Sends events on by Fluentd's forward protocol: to Fluentd, Fluent Bit or an agent.",
  section: forwardOutputSection,
  oldParameters: { buffer: { chunkKeys: 'tag' } },
  create: (config, context) => {
    const discoveries = config.serviceDiscovery.map((element) =>
      innerPlugin(context, 'service_discovery', element),
    );
    return new ForwardOutput(context, config, discoveries);
  },
});
