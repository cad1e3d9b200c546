import { defineSection, t, type ConfigElement } from '@sluice/config';

const section = defineSection({
  name: 'system',
  description: 'Settings of the whole agent.',
  params: {
    workers: t
      .integer({ min: 1, max: 256 })
      .default(1)
      .describe('How many processes share the work'),
  },
});

/** `workers` of `<system>`; 1 without it. @throws ConfigError for a wrong number */
export function workersOf(root: ConfigElement): number {
  const system = root.children('system').at(-1);
  return system === undefined ? 1 : section.read(system, {}).workers;
}
