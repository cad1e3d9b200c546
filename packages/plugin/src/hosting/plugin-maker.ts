import { ConfigError, type ConfigElement, type ReadContext, type Section } from '@sluice/config';
import type { Logger } from '@sluice/server';
import type { Clock } from '../clock.js';
import type { InnerKind, InnerPlugin, PluginContext } from '../context.js';
import type { DefinitionOf, PluginKind, PluginKinds, StartCheckContext } from '../definition.js';
import type { PluginRegistry } from '../loading/registry.js';
import { stoppingPhases } from '../lifecycle.js';
import type { EventSink } from '../output.js';
import type { Plugin } from '../plugin.js';

/** A log that can make another for one plugin; pino's can. */
export interface HostLog extends Logger {
  /** Makes a log whose lines have these fields, with a level of its own. */
  child(fields: object, options?: { level?: string }): Logger;
}

/** What a {@link PluginMaker} makes plugins with. */
export interface PluginMakerOptions {
  /** The plugins that a configuration may name. */
  readonly registry: PluginRegistry;
  /** Each plugin gets a log of its own from it. */
  readonly log: HostLog;
  /** What `@log_level` can be. */
  readonly logLevels: readonly string[];
  /** Number of this worker, from 0. */
  readonly workerId: number;
  /** How many workers there are. */
  readonly workers: number;
  /** The time that plugins go by. */
  readonly clock: Clock;
}

/** A plugin that was made, and the section that it was made from. */
export interface MadePlugin<P extends Plugin = Plugin> {
  /** Not started yet. */
  readonly plugin: P;
  /** The section of the configuration. */
  readonly element: ConfigElement;
  /** What that was read with. */
  readonly section: Section<unknown>;
}

/** Looks for what would keep one plugin from starting. */
export type StartCheck = (claim: ClaimPort) => Promise<readonly ConfigError[]>;

/** Says that a plugin is going to listen on a port. @returns the section of another that does */
export type ClaimPort = NonNullable<StartCheckContext['claimPort']>;

/** Makes plugins from their sections: unique ids, logs, parameters read, plugins inside of others. */
export class PluginMaker {
  /** By id, each plugin that was made; those inside of others come before these. */
  readonly made: MadePlugin[] = [];
  /** One for each plugin whose definition has `startProblems`. */
  readonly startChecks: StartCheck[] = [];
  readonly #options: PluginMakerOptions;
  readonly #ids = new Set<string>();

  constructor(options: PluginMakerOptions) {
    this.#options = options;
  }

  /**
   * The context of a plugin, without what its kind alone has.
   *
   * @param output makes an output inside of it; all other kinds are made here
   * @param id Default: the section's `@id`, or else its type and a number
   * @throws ConfigError for a duplicate id, or an unknown log level
   */
  context(
    definition: { readonly type: string },
    element: ConfigElement,
    output: (section: ConfigElement, usual?: string) => EventSink,
    id = this.#id(definition.type, element),
  ): PluginContext {
    const { log, logLevels, workerId, workers, clock } = this.#options;
    const level = element.logLevel;
    if (level !== undefined && !logLevels.includes(level)) {
      throw element.error(`@log_level: expected one of ${logLevels.join(', ')}`, {
        param: '@log_level',
      });
    }
    return {
      id,
      log: log.child({ plugin: id }, level === undefined ? {} : { level }),
      workerId,
      workers,
      clock,
      create: <Inner extends InnerKind>(
        kind: Inner,
        section: ConfigElement,
        usual?: string,
      ): InnerPlugin<Inner> => {
        if (kind === 'output') return output(section, usual) as InnerPlugin<Inner>;
        return this.#inner(kind, section, usual, output, id) as InnerPlugin<Inner>;
      },
    };
  }

  /**
   * Makes a plugin.
   *
   * @param context as `context` gives it, with what its kind has beside
   * @param ignore sections and parameters that somebody else reads
   * @throws ConfigError
   */
  make<Kind extends PluginKind>(
    definition: DefinitionOf<Kind>,
    element: ConfigElement,
    context: PluginKinds[Kind]['context'],
    ignore: Pick<ReadContext, 'ignoreSections' | 'ignoreParams'> = {},
  ): PluginKinds[Kind]['plugin'] {
    const { log } = context;
    const config = definition.section.read(element, { log, ...ignore });
    const plugin = blamed(element, `plugin ${context.id} failed in create`, () =>
      checkPlugin(definition.create(config, context, element), definition.kind),
    );
    this.made.push({ plugin, element, section: definition.section });
    const { startProblems } = definition;
    if (startProblems !== undefined) {
      const { workerId, workers } = this.#options;
      this.startChecks.push(async (claimPort) => {
        try {
          return await startProblems(config, { log, workerId, workers, claimPort }, element);
        } catch (error) {
          return [blame(element, `plugin ${context.id} failed in startProblems`, error)];
        }
      });
    }
    return plugin;
  }

  /** Makes a plugin that is not an output inside of another. */
  #inner<Kind extends Exclude<InnerKind, 'output'>>(
    kind: Kind,
    element: ConfigElement,
    usual: string | undefined,
    output: (section: ConfigElement, usual?: string) => EventSink,
    parent: string,
  ): InnerPlugin<Kind> {
    const definition = this.#options.registry.find(kind, element, usual);
    const id = this.#id(`${parent}.${element.name}`, element);
    const context = this.context(definition, element, output, id);
    // The buffer, which reads the same section, warns of what neither of the two knows.
    const ignoreParams = kind === 'chunk_store' ? [...element.params.keys()] : [];
    return this.make(definition, element, context, { ignoreParams }) as InnerPlugin<Kind>;
  }

  #id(usual: string, element: ConfigElement): string {
    const given = element.id;
    if (given !== undefined) {
      if (this.#ids.has(given)) {
        throw element.error(`duplicate @id ${given}`, { param: '@id', hint: 'ids are unique' });
      }
      this.#ids.add(given);
      return given;
    }
    let number = 0;
    while (this.#ids.has(`${usual}_${number}`)) number += 1;
    const id = `${usual}_${number}`;
    this.#ids.add(id);
    return id;
  }
}

/** The error of a plugin's own code, with the section that it is about. */
function blame(element: ConfigElement, text: string, error: unknown): ConfigError {
  if (error instanceof ConfigError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return element.error(`${text}: ${reason}`, { cause: error });
}

/** @throws ConfigError in place of anything else that `call` throws */
function blamed<T>(element: ConfigElement, text: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw blame(element, text, error);
  }
}

/** What an instance of each kind has to have, beside what all have. */
const methodsOfKind: Readonly<Record<PluginKind, readonly string[]>> = {
  input: [],
  output: ['write'],
  filter: ['filter'],
  parser: ['parse'],
  formatter: ['format'],
  service_discovery: ['services'],
  chunk_store: ['create'],
};
const methodsOfAll = ['start', 'afterStart', ...stoppingPhases, 'statistics'];

/** Plugins may be written in JavaScript, where nobody else says what `create` must return. */
function checkPlugin<P extends Plugin>(made: P, kind: PluginKind): P {
  const found: unknown = made;
  const problem = 'it must return an instance of Input, Output and so on of @sluice/plugin';
  if (typeof found !== 'object' || found === null) throw new TypeError(problem);
  const members = found as Readonly<Record<string, unknown>>;
  const missing = [...methodsOfAll, ...methodsOfKind[kind]].find(
    (name) => typeof members[name] !== 'function',
  );
  if (missing !== undefined) throw new TypeError(`${problem}: the method ${missing} is missing`);
  if (typeof members.id !== 'string' || typeof members.log !== 'object') {
    throw new TypeError(`${problem}, whose constructor calls super(context)`);
  }
  return made;
}
