import { defineInput } from '@sluice/plugin';
import { ForwardInput } from './forward-input.js';
import { forwardSection } from './section.js';

export { ForwardInput } from './forward-input.js';
export { forwardSection } from './section.js';
export type { ForwardConfig } from './section.js';

const notYet = [
  ['security', 'security'],
  ['unixPath', 'unix_path'],
  ['sourceAddressKey', 'source_address_key'],
  ['sourceHostnameKey', 'source_hostname_key'],
] as const;

/** `<source> @type forward`, for the agent's registry. */
export const forwardInput = defineInput({
  type: 'forward',
  description: "Receives events from Fluentd's forward protocol.",
  section: forwardSection,
  create: (config, context, element) => {
    for (const [key, name] of notYet) {
      if (config[key] !== undefined) {
        throw element.error(`${name} is not supported`, { param: name });
      }
    }
    return new ForwardInput(context, config);
  },
});
