import type { ConfigElement, Section } from '@sluice/config';
import type { Filter, FilterContext } from './filter.js';
import type { Input, InputContext } from './input.js';
import type { Output } from './output.js';
import type { PluginContext } from './plugin.js';
import type { Router } from './router.js';

/** What the host gives to an output. */
export interface OutputContext extends PluginContext {
  /**
   * For outputs that hand events on: the routes of the `@label` of the section, or else those that
   * the section itself stands in. Fluentd: `helpers :event_emitter`. Default: there are none.
   */
  readonly router?: Router;
  /**
   * Makes an output inside this one, from a section such as copy's `<store>`. The host starts it
   * before, and stops it after, the output that asked for it.
   *
   * @throws ConfigError for a wrong section
   */
  createOutput(element: ConfigElement): Output;
}

interface DefinitionOf<Kind extends string, Config, Context, P> {
  readonly kind: Kind;
  /** Fluentd: `@type`. */
  readonly type: string;
  /** One sentence for `sluice plugin show`. */
  readonly description: string;
  /** The parameters. Errors in them are found before anything is created. */
  readonly section: Section<Config>;
  /**
   * Makes one instance; nothing is opened before `start`.
   *
   * @throws ConfigError for parameters that do not go together (`element.error` points at one)
   */
  readonly create: (config: Config, context: Context, element: ConfigElement) => P;
}

export type InputDefinition<Config = unknown> = DefinitionOf<'input', Config, InputContext, Input>;
export type OutputDefinition<Config = unknown> = DefinitionOf<
  'output',
  Config,
  OutputContext,
  Output
>;
export type FilterDefinition<Config = unknown> = DefinitionOf<
  'filter',
  Config,
  FilterContext,
  Filter
>;

/** A kind of plugin as its package exports it. Fluentd: `Fluent::Plugin.register_input` and so on. */
export type PluginDefinition = InputDefinition | OutputDefinition | FilterDefinition;

// A definition's own `create` takes its own Config only; whoever holds many of them reads the
// section and hands its result on, so the parameter may be forgotten in the type.

/** Defines an input: `export default defineInput({ type: 'example', section, create })`. */
export function defineInput<Config>(
  definition: Omit<InputDefinition<Config>, 'kind'>,
): InputDefinition {
  return { kind: 'input', ...definition } as unknown as InputDefinition;
}

/** Defines an output. */
export function defineOutput<Config>(
  definition: Omit<OutputDefinition<Config>, 'kind'>,
): OutputDefinition {
  return { kind: 'output', ...definition } as unknown as OutputDefinition;
}

/** Defines a filter. */
export function defineFilter<Config>(
  definition: Omit<FilterDefinition<Config>, 'kind'>,
): FilterDefinition {
  return { kind: 'filter', ...definition } as unknown as FilterDefinition;
}
