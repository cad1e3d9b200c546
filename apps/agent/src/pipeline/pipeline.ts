import { ConfigElement, didYouMean } from '@sluice/config';
import {
  BufferedOutput,
  bufferSection,
  startPlugins,
  stopPlugins,
  type Filter,
  type Input,
  type LifecycleError,
  type Output,
  type Plugin,
  type PluginContext,
  type PluginDefinition,
  type Router,
} from '@sluice/plugin';
import { logLevels, type AgentLog } from '../log.js';
import { isWatched, PipelineWatch } from '../monitor/pipeline-watch.js';
import { EventErrors } from '../routing/event-errors.js';
import { Routes } from '../routing/routes.js';
import { compileTagPattern, TagPatternError } from '../routing/tag-pattern.js';
import type { PluginRegistry } from './plugin-registry.js';
import { elementsOfWorker } from './worker-sections.js';

const rootLabelName = '@ROOT';
const errorLabelName = '@ERROR';
const topLevel = ['source', 'filter', 'match', 'label', 'worker', 'system'];
const inLabel = ['filter', 'match'];

export interface PipelineOptions {
  readonly registry: PluginRegistry;
  readonly log: AgentLog;
  /** Number of this worker, from 0. Default 0. */
  readonly workerId?: number;
  /** How many workers there are. Default 1. */
  readonly workers?: number;
  /** Make no inputs. Fluentd: `without_source`. Default false. */
  readonly withoutSource?: boolean | undefined;
  /** Seconds between two lines about failed emits. Default 0: each has its line. */
  readonly emitErrorLogInterval?: number | undefined;
}

/** The running form of a configuration: inputs, the routes, and the outputs that they lead to. */
export class Pipeline {
  readonly inputs: Input[] = [];
  readonly filters: Filter[] = [];
  readonly outputs: Output[] = [];
  /** The routes of the top level. */
  readonly routes: Routes;
  /** The routes of each `<label>`. */
  readonly labels = new Map<string, Routes>();
  /** What was done with events that could not be processed. */
  readonly errors: EventErrors;
  readonly #options: PipelineOptions;
  readonly #log: AgentLog;
  readonly #watch: PipelineWatch | undefined;
  readonly #ids = new Set<string>();

  /**
   * Makes every plugin that the configuration names, and opens nothing yet.
   *
   * @param root the whole configuration, as `loadConfig` gives it
   * @throws ConfigError with the place and what would be right
   */
  constructor(root: ConfigElement, options: PipelineOptions) {
    this.#options = options;
    const { workerId = 0, workers = 1 } = options;
    const elements = elementsOfWorker(root, workerId, workers);
    if (options.withoutSource !== true && isWatched(elements)) {
      this.#watch = new PipelineWatch(root, this);
    }
    const log = this.#watch?.log(options.log) ?? options.log;
    this.#log = log;
    for (const param of root.params.values()) {
      log.warn({}, `parameter ${param.name} outside of any section is not used`);
    }
    for (const element of elements) checkName(element, topLevel, 'at the top level');
    const labels = elements.filter((element) => element.name === 'label');
    const logInterval = options.emitErrorLogInterval;
    // All labels are there before any plugin asks for one; @ERROR before those that use it.
    const errorLabel = labels.find((element) => element.arg === errorLabelName);
    if (errorLabel !== undefined) {
      const errors = new EventErrors({ log, logInterval });
      this.labels.set(errorLabelName, new Routes({ log, errors, label: errorLabelName }));
    }
    this.errors = new EventErrors({ log, logInterval, router: this.labels.get(errorLabelName) });
    this.routes = new Routes({ log, errors: this.errors });
    for (const element of labels) this.#declareLabel(element, errorLabel);
    for (const element of labels) {
      this.#fill(this.labels.get(element.arg)!, element.elements);
    }
    this.#fill(this.routes, elements);
    if (options.withoutSource === true) {
      log.info({}, '<source> sections are left out: without_source');
      return;
    }
    for (const element of elements) if (element.name === 'source') this.#input(element);
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

  #declareLabel(element: ConfigElement, errorLabel: ConfigElement | undefined): void {
    const name = element.arg;
    if (name === '') {
      throw element.error('<label> requires a name', {
        code: 'ERR_SLUICE_CONFIG_REQUIRED',
        hint: 'write <label @NAME>',
      });
    }
    if (name === rootLabelName) {
      throw element.error('@ROOT is the top level itself and cannot be a <label>', { arg: true });
    }
    for (const param of element.params.keys()) {
      throw element.error(`${param} has no meaning in ${element.tag}`, { param });
    }
    for (const inner of element.elements) checkName(inner, inLabel, `in ${element.tag}`);
    if (element === errorLabel) return;
    if (this.labels.has(name)) {
      throw element.error(`${element.tag} is there twice`, {
        code: 'ERR_SLUICE_CONFIG_SECTION',
        arg: true,
        hint: 'join the two, or give one another name',
      });
    }
    const log = this.#log;
    this.labels.set(name, new Routes({ log, errors: this.errors, label: name }));
  }

  #fill(routes: Routes, elements: readonly ConfigElement[]): void {
    for (const element of elements) {
      if (element.name === 'match') {
        routes.add({ matches: matcher(element), output: this.#output(element, routes) });
      } else if (element.name === 'filter') {
        routes.add({ matches: matcher(element), filter: this.#filter(element, routes) });
      }
    }
  }

  /** The routes that `@label` names, or else those given. @throws ConfigError */
  #labelOf(element: ConfigElement, otherwise: Routes): Routes {
    const name = element.label;
    if (name === undefined) return otherwise;
    if (name === rootLabelName) return this.routes;
    const routes = this.labels.get(name);
    if (routes !== undefined) return routes;
    const known = [...this.labels.keys(), rootLabelName];
    throw element.error(`there is no <label ${name}>`, {
      param: '@label',
      hint: didYouMean(name, known) ?? `the labels are ${known.join(', ')}`,
    });
  }

  #input(element: ConfigElement): void {
    const definition = this.#options.registry.find('input', element);
    const router = this.#labelOf(element, this.routes);
    const common = this.#context(definition, element);
    const create = (to: Router): Input => {
      const context = { ...common, router: to, ...(this.#watch && { host: this.#watch }) };
      const input = this.#create(definition, element, context);
      this.inputs.push(input);
      return input;
    };
    if (this.#watch === undefined) create(router);
    else this.#watch.input(element, router, create);
  }

  #output(element: ConfigElement, routes: Routes): Output {
    const definition = this.#options.registry.find('output', element);
    const context = {
      ...this.#context(definition, element),
      router: this.#labelOf(element, routes),
      createOutput: (inner: ConfigElement) => this.#output(inner, routes),
    };
    // Outputs inside this one are made by `create`, and so come before it in the list.
    const buffer = bufferOf(definition, element);
    const output = this.#create(definition, element, context, buffer && ['buffer']);
    this.outputs.push(output);
    const buffered =
      buffer === undefined
        ? output
        : new BufferedOutput(context, output, bufferSection.read(buffer, { log: context.log }));
    if (buffered !== output) this.outputs.push(buffered);
    this.#watch?.output(element, buffered);
    return buffered;
  }

  #filter(element: ConfigElement, routes: Routes): Filter {
    const definition = this.#options.registry.find('filter', element);
    const context = {
      ...this.#context(definition, element),
      emitErrorEvents: routes.errors.emit,
    };
    const filter = this.#create(definition, element, context);
    this.filters.push(filter);
    this.#watch?.filter(element, filter);
    return filter;
  }

  #create<Context extends PluginContext, P>(
    definition: {
      section: { read(element: ConfigElement, context: object): unknown };
      create: (config: unknown, context: Context, element: ConfigElement) => P;
    },
    element: ConfigElement,
    context: Context,
    ignoreSections: readonly string[] = [],
  ): P {
    const config = definition.section.read(element, { log: context.log, ignoreSections });
    return definition.create(config, context, element);
  }

  #context(definition: PluginDefinition, element: ConfigElement): PluginContext {
    const { workerId = 0, workers = 1 } = this.#options;
    const id = this.#id(definition, element);
    const level = element.logLevel;
    if (level !== undefined && !(logLevels as readonly string[]).includes(level)) {
      throw element.error(`@log_level: expected one of ${logLevels.join(', ')}`, {
        param: '@log_level',
      });
    }
    return {
      id,
      log: this.#log.child({ plugin: id }, level === undefined ? {} : { level }),
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

/** What of a `<buffer>` is about slicing by time, for outputs that read it themselves. */
const slicing = [
  'timekey',
  'timekey_wait',
  'timekey_use_utc',
  'timekey_zone',
  'path',
  'path_suffix',
];

/**
 * The `<buffer>` that stands before an output. One that reads the section itself (file, for its time
 * slices) has one only where `@type memory` is written.
 *
 * @throws ConfigError where there are two
 */
function bufferOf(
  definition: { section: { schema: { sections?: object } } },
  element: ConfigElement,
): ConfigElement | undefined {
  const buffers = element.children('buffer');
  if (buffers.length > 1) throw buffers[1].error('<buffer> is there twice');
  const buffer = buffers.at(0);
  if (!Object.hasOwn(definition.section.schema.sections ?? {}, 'buffer')) return buffer;
  if (buffer?.type !== 'memory') return undefined;
  return new ConfigElement({
    name: buffer.name,
    location: buffer.location,
    params: [...buffer.params.values()].filter(({ name }) => !slicing.includes(name)),
  });
}

function checkName(element: ConfigElement, supported: readonly string[], where: string): void {
  if (supported.includes(element.name)) return;
  const near = didYouMean(element.name, supported);
  const list = supported.map((name) => `<${name}>`).join(', ');
  throw element.error(`section ${element.tag} is not supported here`, {
    code: 'ERR_SLUICE_CONFIG_SECTION',
    hint: `${near === undefined ? '' : `${near} `}supported ${where}: ${list}`,
  });
}

function matcher(element: ConfigElement): (tag: string) => boolean {
  try {
    return compileTagPattern(element.arg);
  } catch (error) {
    if (!(error instanceof TagPatternError)) throw error;
    throw element.error(error.message, { arg: true });
  }
}
