import { defineSection, type SectionOf } from '@sluice/config';
import {
  ServiceDiscovery,
  defineServiceDiscovery,
  serviceParams,
  type PluginContext,
  type Service,
} from '@sluice/plugin';

const serviceSection = defineSection({
  name: 'service',
  description: 'One server.',
  params: serviceParams,
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
