import { parseConfig, type ConfigElement } from '@sluice/config';
import {
  formatterOf,
  isPluginDefinition,
  PluginRegistry,
  type Formatter,
  type InnerKind,
  type InnerPlugin,
  type PluginContext,
} from '@sluice/plugin';
import { silentLogger } from '@sluice/server';
import * as formats from '../../src/index.js';

const registry = new PluginRegistry();
for (const definition of (Object.values(formats) as unknown[]).filter(isPluginDefinition)) {
  registry.add(definition, { from: '@sluice/formats', version: undefined });
}

const context: PluginContext = {
  id: 'test',
  log: silentLogger,
  create: <Kind extends InnerKind>(kind: Kind, section: ConfigElement, usual?: string) => {
    const definition = registry.find(kind, section, usual);
    return definition.create(
      definition.section.read(section),
      context,
      section,
    ) as InnerPlugin<Kind>;
  },
};

/** A `<match>` with these lines. */
export const match = (text: string): ConfigElement =>
  parseConfig(`<match **>\n${text}\n</match>`).elements[0];

/** The formatter that the `<format>` of a `<match>` asks for. */
export const createFormatter = (element: ConfigElement, usual = 'json'): Formatter =>
  formatterOf(context, element, usual);
