import type { ConfigElement, ConfigError, Section } from '@sluice/config';
import type { ChunkStore } from './chunk-store.js';
import type { PluginContext } from './context.js';
import type { Filter, FilterContext } from './filter.js';
import type { Formatter } from './formatter.js';
import type { Input, InputContext } from './input.js';
import type { OldParameters } from './old-parameters.js';
import type { Output, OutputContext } from './output.js';
import type { Parser } from './parser.js';
import type { ServiceDiscovery } from './service-discovery.js';

/**
 * The major version of the contracts in this package, which is the package's own. A host runs
 * plugins that were made for the same one.
 */
export const apiVersion = 0;

/** A kind of plugin. */
export interface KindOfPlugin<Made, Context> {
  /** What a definition of this kind makes. */
  plugin: Made;
  /** What that gets from the host. */
  context: Context;
}

/** The kinds of plugins. */
export interface PluginKinds {
  /** Brings events in. Fluentd: `<source>`. */
  input: KindOfPlugin<Input, InputContext>;
  /** Takes events out. Fluentd: `<match>`, `<store>`. */
  output: KindOfPlugin<Output, OutputContext>;
  /** Changes or drops events on the way. Fluentd: `<filter>`. */
  filter: KindOfPlugin<Filter, FilterContext>;
  /** Turns text into events. Fluentd: `<parse>`. */
  parser: KindOfPlugin<Parser, PluginContext>;
  /** Turns events into text or bytes. Fluentd: `<format>`. */
  formatter: KindOfPlugin<Formatter, PluginContext>;
  /** Finds the servers that an output sends to. Fluentd: `<service_discovery>`. */
  service_discovery: KindOfPlugin<ServiceDiscovery, PluginContext>;
  /** Keeps chunks until they are written. Fluentd: `@type` of `<buffer>`. */
  chunk_store: KindOfPlugin<ChunkStore, PluginContext>;
}

/** Names of the kinds. */
export type PluginKind = keyof PluginKinds;

/** What a plugin that is of one kind, with parameters of type `Config`, consists of. */
export interface DefinitionOf<Kind extends PluginKind, Config = unknown> {
  /** Which section of a configuration may name it. */
  readonly kind: Kind;
  /** The contracts that it was made for; set by `defineInput` and its like. */
  readonly apiVersion: number;
  /** The name in a configuration. Fluentd: `@type`. */
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
  readonly create: (
    config: Config,
    context: PluginKinds[Kind]['context'],
    element: ConfigElement,
  ) => PluginKinds[Kind]['plugin'];
  /**
   * Looks for what would keep an instance from starting, and leaves nothing behind: a port that may
   * not be listened on, a folder that cannot be written, a certificate that cannot be used. Run by
   * `sluice --dry-run`. Default: nothing is looked for.
   *
   * @returns one error for each problem, which points at the parameter
   */
  readonly startProblems?: (
    config: Config,
    context: StartCheckContext,
    element: ConfigElement,
  ) => Promise<readonly ConfigError[]>;
  /**
   * Whether it watches the others (an input such as `monitor_agent`): the host then counts what goes
   * through each plugin, and gives `context.host`. Default: false.
   */
  readonly watchesHost?: boolean;
  /**
   * Whether it is an output that hands events on to `context.router` with the tag that they had, as
   * `relabel` does: the host then looks for circles before it starts. Default: false.
   */
  readonly passesEventsOn?: boolean;
  /**
   * The parameters of Fluentd before version 1 that an output or a filter takes beside its own: the host puts
   * them into `<buffer>`, `<format>` and `<inject>` before it reads them. Default: none.
   */
  readonly oldParameters?: OldParameters;
  /**
   * For an output that reads `<buffer>` itself: the `<buffer>` that the host puts before it.
   * Default: the one that is written; of an output with a section `<buffer>` of its own, one with a
   * `@type`.
   *
   * @param element the section of the output
   * @returns undefined where the output gets its events at once
   * @throws ConfigError
   */
  readonly bufferOf?: (element: ConfigElement) => ConfigElement | undefined;
}

/** What a start check gets. */
export interface StartCheckContext extends Pick<PluginContext, 'log' | 'workerId' | 'workers'> {
  /**
   * Says that a plugin is going to listen on a port, so that two plugins with one port are found.
   *
   * @param protocol `tcp` or `udp`
   * @param bind the address
   * @param element the section that says so
   * @returns the section of another plugin that listens there, too
   */
  readonly claimPort?: (
    protocol: 'tcp' | 'udp',
    port: number,
    bind: string,
    element: ConfigElement,
  ) => ConfigElement | undefined;
}

/** Defines an input. Fluentd: `Fluent::Plugin.register_input`. */
export type InputDefinition<Config = unknown> = DefinitionOf<'input', Config>;
/** Defines an output. Fluentd: `register_output`. */
export type OutputDefinition<Config = unknown> = DefinitionOf<'output', Config>;
/** Defines a filter. Fluentd: `register_filter`. */
export type FilterDefinition<Config = unknown> = DefinitionOf<'filter', Config>;
/** Defines a parser. Fluentd: `register_parser`. */
export type ParserDefinition<Config = unknown> = DefinitionOf<'parser', Config>;
/** Defines a formatter. Fluentd: `register_formatter`. */
export type FormatterDefinition<Config = unknown> = DefinitionOf<'formatter', Config>;
/** Defines a service discovery. Fluentd: `register_sd`. */
export type ServiceDiscoveryDefinition<Config = unknown> = DefinitionOf<
  'service_discovery',
  Config
>;
/** Defines a store for the chunks of a buffer. Fluentd: `register_buffer`. */
export type ChunkStoreDefinition<Config = unknown> = DefinitionOf<'chunk_store', Config>;

/** A plugin as its package exports it. */
export type PluginDefinition = { [Kind in PluginKind]: DefinitionOf<Kind> }[PluginKind];

/** What is left to say of a plugin whose kind is known. */
export type DefinitionInput<Kind extends PluginKind, Config> = Omit<
  DefinitionOf<Kind, Config>,
  'kind' | 'apiVersion'
>;

// A definition's own `create` takes its own Config only. Whoever holds many of them reads the section
// and hands its result on, so the parameter may be forgotten in the type.
function define<Kind extends PluginKind, Config>(
  kind: Kind,
  definition: DefinitionInput<Kind, Config>,
): DefinitionOf<Kind> {
  return { kind, apiVersion, ...definition } as unknown as DefinitionOf<Kind>;
}

/** Defines an input: `export default defineInput({ type, description, section, create })`. */
export function defineInput<Config>(definition: DefinitionInput<'input', Config>): InputDefinition {
  return define('input', definition);
}

/** Defines an output. */
export function defineOutput<Config>(
  definition: DefinitionInput<'output', Config>,
): OutputDefinition {
  return define('output', definition);
}

/** Defines a filter. */
export function defineFilter<Config>(
  definition: DefinitionInput<'filter', Config>,
): FilterDefinition {
  return define('filter', definition);
}

/** Defines a parser, for `<parse>`. */
export function defineParser<Config>(
  definition: DefinitionInput<'parser', Config>,
): ParserDefinition {
  return define('parser', definition);
}

/** Defines a formatter, for `<format>`. */
export function defineFormatter<Config>(
  definition: DefinitionInput<'formatter', Config>,
): FormatterDefinition {
  return define('formatter', definition);
}

/** Defines a service discovery, for `<service_discovery>`. */
export function defineServiceDiscovery<Config>(
  definition: DefinitionInput<'service_discovery', Config>,
): ServiceDiscoveryDefinition {
  return define('service_discovery', definition);
}

/** Defines a chunk store, for `<buffer>`. */
export function defineChunkStore<Config>(
  definition: DefinitionInput<'chunk_store', Config>,
): ChunkStoreDefinition {
  return define('chunk_store', definition);
}

/** Whether a value is a definition, whichever copy of this package made it. */
export function isPluginDefinition(value: unknown): value is PluginDefinition {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, type, section, create } = value as Record<string, unknown>;
  return (
    typeof kind === 'string' &&
    Object.hasOwn(sectionOfKind, kind) &&
    typeof type === 'string' &&
    typeof section === 'object' &&
    typeof create === 'function'
  );
}

/** The section that a plugin of each kind is configured by. */
export const sectionOfKind: Readonly<Record<PluginKind, string>> = {
  input: 'source',
  output: 'match',
  filter: 'filter',
  parser: 'parse',
  formatter: 'format',
  service_discovery: 'service_discovery',
  chunk_store: 'buffer',
};

/** How Fluentd begins the file names of each kind: `in_forward`, `out_file`, `sd_static`. */
export const prefixOfKind: Readonly<Record<PluginKind, string>> = {
  input: 'in',
  output: 'out',
  filter: 'filter',
  parser: 'parser',
  formatter: 'formatter',
  service_discovery: 'sd',
  chunk_store: 'buf',
};
