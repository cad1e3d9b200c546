import { defineSection, secret, t, type SectionOf } from '@sluice/config';
import {
  ServiceDiscovery,
  defineServiceDiscovery,
  type PluginContext,
  type Service,
} from '@sluice/plugin';

const serviceSection = defineSection({
  name: 'service',
  description: 'One server.',
  params: {
    host: t.string().describe('Host name or address of the server'),
    port: t.integer({ min: 1, max: 65_535 }).default(24_224).describe('Its port'),
    name: t.string().optional().describe('Its name in its certificate (default: host)'),
    weight: t
      .integer({ min: 0 })
      .default(60)
      .describe('Its share of the load, in relation to the other weights'),
    standby: t.bool().default(false).describe('Use it only while another server is unavailable'),
    username: t.string().optional().describe('User name for its user_auth'),
    password: secret(t.string()).optional().describe('Password of that user'),
    sharedKey: secret(t.string()).optional().describe('Its shared key'),
  },
});

const section = defineSection({
  name: 'service_discovery',
  description: 'The servers that are written here.',
  sections: { services: { section: serviceSection, multiple: true, required: true } },
});

class StaticServiceDiscovery extends ServiceDiscovery {
  constructor(
    context: PluginContext,
    private readonly config: SectionOf<typeof section>,
  ) {
    super(context);
  }

  services(): readonly Service[] {
    return this.config.services;
  }
}

/** `<service_discovery> @type static`. Fluentd: `sd_static`. */
export const staticServiceDiscovery = defineServiceDiscovery({
  type: 'static',
  description: 'Servers that are written in the configuration.',
  section,
  create: (config, context) => new StaticServiceDiscovery(context, config),
});
