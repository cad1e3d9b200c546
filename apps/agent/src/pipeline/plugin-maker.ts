import { ConfigError, type ConfigElement, type ReadContext, type Section } from '@sluice/config';
import type {
  Clock,
  DefinitionOf,
  InnerKind,
  InnerPlugin,
  Plugin,
  PluginContext,
  PluginKind,
  PluginKinds,
  PluginRegistry,
  StartCheckContext,
} from '@sluice/plugin';
import { logLevels, type AgentLog } from '@sluice/log';

export interface PluginMakerOptions {
  readonly registry: PluginRegistry;
  readonly log: AgentLog;
  readonly workerId: number;
  readonly workers: number;
  readonly clock: Clock;
}

/** A plugin that was made, and the section that it was made from. */
export interface MadePlugin<P extends Plugin = Plugin> {
  readonly plugin: P;
  readonly element: ConfigElement;
  readonly section: Section<unknown>;
}

/** Looks for what would keep one plugin from starting. */
type StartCheck = (claim: ClaimPort) => Promise<readonly ConfigError[]>;

export type ClaimPort = NonNullable<StartCheckContext['claimPort']>;

/** Makes plugins from their sections: unique ids, logs, parameters read, plugins inside of others. */
export class PluginMaker {
  /** By id, each plugin that was made; those inside of others come before these. */
  readonly made: MadePlugin[] = [];
  readonly startChecks: StartCheck[] = [];
  readonly #options: PluginMakerOptions;
  readonly #ids = new Set<string>();

  constructor(options: PluginMakerOptions) {
    this.#options = options;
  }

  /**
   * The context of a plugin, without what its kind alone has.
   *
   * @param create makes plugins inside of it
   * @param parent what its id begins with, where it stands inside of another. Default: its type
   * @throws ConfigError for a duplicate id, or an unknown log level
   */
  context(
    definition: { readonly type: string },
    element: ConfigElement,
    create: NonNullable<PluginContext['create']>,
    parent?: string,
  ): PluginContext {
    const { log, workerId, workers, clock } = this.#options;
    const id = this.#id(parent ?? definition.type, element);
    const level = element.logLevel;
    if (level !== undefined && !(logLevels as readonly string[]).includes(level)) {
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
      create,
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
      checkPlugin(definition.create(config, context, element)),
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

  /**
   * Makes a plugin that is not an output inside of another.
   *
   * @param ignoreParams parameters that the other one reads
   * @throws ConfigError
   */
  inner<Kind extends Exclude<InnerKind, 'output'>>(
    kind: Kind,
    element: ConfigElement,
    usual: string | undefined,
    create: NonNullable<PluginContext['create']>,
    parent: string,
    ignoreParams: readonly string[] = [],
  ): InnerPlugin<Kind> {
    const definition = this.#options.registry.find(kind, element, usual);
    const id = `${parent}.${element.name}`;
    const context = this.context(definition, element, create, id);
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

/** Plugins may be written in JavaScript, where nobody else says what `create` must return. */
function checkPlugin<P extends Plugin>(made: P): P {
  const { start, statistics } = (made as Partial<P> | undefined) ?? {};
  if (typeof start === 'function' && typeof statistics === 'function') return made;
  throw new TypeError('it must return an instance of Input, Output and so on of @sluice/plugin');
}
