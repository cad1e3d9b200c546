import type { ConfigElement } from '@sluice/config';
import type { PluginDefinition } from '@sluice/plugin';

type Kind = PluginDefinition['kind'];

/** What each kind of plugin is called in a configuration. */
const sectionNames: Record<Kind, string> = {
  input: '<source>',
  output: '<match>',
  filter: '<filter>',
};

/** The plugins that a configuration may name by `@type`. */
export class PluginRegistry {
  readonly #definitions = new Map<string, PluginDefinition>();

  constructor(definitions: Iterable<PluginDefinition>) {
    for (const definition of definitions) {
      this.#definitions.set(`${definition.kind} ${definition.type}`, definition);
    }
  }

  /** All definitions, in the order in which they were registered. */
  all(): PluginDefinition[] {
    return [...this.#definitions.values()];
  }

  /**
   * The definition that a section asks for.
   *
   * @throws ConfigError that points at `@type`, or at the section that has none
   */
  find<K extends Kind>(kind: K, element: ConfigElement): Extract<PluginDefinition, { kind: K }> {
    const known = this.all()
      .filter((definition) => definition.kind === kind)
      .map((definition) => definition.type);
    const hint = `supported in ${sectionNames[kind]}: ${known.join(', ')}`;
    const type = element.type;
    if (type === undefined) {
      throw element.error(`@type is required in ${element.tag}`, {
        code: 'ERR_SLUICE_CONFIG_REQUIRED',
        hint,
      });
    }
    const definition = this.#definitions.get(`${kind} ${type}`);
    if (definition === undefined) {
      throw element.error(`${kind} plugin "${type}" is not supported`, { param: '@type', hint });
    }
    return definition as Extract<PluginDefinition, { kind: K }>;
  }
}
