import type { ConfigElement } from '@sluice/config';
import {
  startPlugins,
  stopPlugins,
  type Filter,
  type Input,
  type LifecycleError,
  type Output,
  type Plugin,
  type PluginContext,
  type PluginDefinition,
} from '@sluice/plugin';
import { logLevels, type AgentLog } from '../log.js';
import { Routes, type Rule } from '../routing/routes.js';
import { compileTagPattern, TagPatternError } from '../routing/tag-pattern.js';
import type { PluginRegistry } from './plugin-registry.js';

export interface PipelineOptions {
  readonly registry: PluginRegistry;
  readonly log: AgentLog;
  /** Number of this worker, from 0. Default 0. */
  readonly workerId?: number;
  /** How many workers there are. Default 1. */
  readonly workers?: number;
}

/** Sections of the top level that others read. */
const otherSections = new Set(['system']);

/** The running form of a configuration: inputs, the routes, and the outputs that they lead to. */
export class Pipeline {
  readonly inputs: Input[] = [];
  readonly filters: Filter[] = [];
  readonly outputs: Output[] = [];
  readonly routes: Routes;
  readonly #options: PipelineOptions;
  readonly #ids = new Set<string>();

  /**
   * Makes every plugin that the configuration names, and opens nothing yet.
   *
   * @param root the whole configuration, as `loadConfig` gives it
   * @throws ConfigError with the place and what would be right
   */
  constructor(root: ConfigElement, options: PipelineOptions) {
    this.#options = options;
    for (const param of root.params.values()) {
      options.log.warn({}, `parameter ${param.name} outside of any section is not used`);
    }
    this.routes = this.#routes(root);
    for (const element of root.children('source')) this.#input(element);
  }

  /** Starts outputs, then filters, then inputs. @throws LifecycleError for the first that fails */
  async start(): Promise<void> {
    await startPlugins([...this.outputs, ...this.filters, ...this.inputs]);
  }

  /**
   * Stops inputs first: what they have in flight still reaches the outputs and is acknowledged.
   *
   * @returns what failed on the way, logged already
   */
  stop(): Promise<LifecycleError[]> {
    const plugins: Plugin[] = [...this.inputs, ...this.filters, ...this.outputs.toReversed()];
    return stopPlugins(plugins);
  }

  /** Has every output write out what it holds back. @returns how many failed, logged already */
  async flush(): Promise<number> {
    const flushes = this.outputs.map(async (output) => output.flush?.());
    let failed = 0;
    for (const [index, result] of (await Promise.allSettled(flushes)).entries()) {
      if (result.status === 'fulfilled') continue;
      failed += 1;
      this.outputs[index].log.error({ err: result.reason as unknown }, 'flush failed');
    }
    return failed;
  }

  #routes(parent: ConfigElement): Routes {
    const rules: Rule[] = [];
    for (const element of parent.elements) {
      if (element.name === 'match') {
        rules.push({ matches: matcher(element), output: this.#output(element) });
      } else if (element.name === 'filter') {
        rules.push({ matches: matcher(element), filter: this.#filter(element) });
      } else if (element.name !== 'source' && !otherSections.has(element.name)) {
        throw element.error(`section ${element.tag} is not supported here`, {
          code: 'ERR_SLUICE_CONFIG_SECTION',
          arg: false,
          hint: 'supported at the top level: <source>, <filter>, <match>, <system>',
        });
      }
    }
    return new Routes(rules, this.#options.log);
  }

  #input(element: ConfigElement): void {
    const definition = this.#options.registry.find('input', element);
    if (element.label !== undefined) {
      throw element.error('@label is not supported', { param: '@label' });
    }
    const context = { ...this.#context(definition, element), router: this.routes };
    this.inputs.push(this.#create(definition, element, context));
  }

  #output(element: ConfigElement): Output {
    const definition = this.#options.registry.find('output', element);
    const context = {
      ...this.#context(definition, element),
      createOutput: (inner: ConfigElement) => this.#output(inner),
    };
    // Outputs inside this one are made by `create`, and so come before it in the list.
    const output = this.#create(definition, element, context);
    this.outputs.push(output);
    return output;
  }

  #filter(element: ConfigElement): Filter {
    const definition = this.#options.registry.find('filter', element);
    const filter = this.#create(definition, element, this.#context(definition, element));
    this.filters.push(filter);
    return filter;
  }

  #create<Context extends PluginContext, P>(
    definition: {
      section: { read(element: ConfigElement, context: object): unknown };
      create: (config: unknown, context: Context, element: ConfigElement) => P;
    },
    element: ConfigElement,
    context: Context,
  ): P {
    const config = definition.section.read(element, { log: context.log });
    return definition.create(config, context, element);
  }

  #context(definition: PluginDefinition, element: ConfigElement): PluginContext {
    const { log, workerId = 0, workers = 1 } = this.#options;
    const id = this.#id(definition, element);
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
    };
  }

  #id(definition: PluginDefinition, element: ConfigElement): string {
    const given = element.id;
    if (given !== undefined) {
      if (this.#ids.has(given)) {
        throw element.error(`@id ${given} is used twice`, { param: '@id', hint: 'ids are unique' });
      }
      this.#ids.add(given);
      return given;
    }
    let number = 0;
    while (this.#ids.has(`${definition.type}_${number}`)) number += 1;
    const id = `${definition.type}_${number}`;
    this.#ids.add(id);
    return id;
  }
}

function matcher(element: ConfigElement): (tag: string) => boolean {
  try {
    return compileTagPattern(element.arg);
  } catch (error) {
    if (!(error instanceof TagPatternError)) throw error;
    throw element.error(error.message, { arg: true });
  }
}
