import { ConfigElement, describeSection, didYouMean, type Section } from '@sluice/config';
import { BufferedOutput, bufferSection } from '@sluice/buffer';
import {
  compileTagPattern,
  innerPlugin,
  systemClock,
  TagPatternError,
  withoutOldParameters,
  type Clock,
  type EventSink,
  type Filter,
  type Input,
  type Output,
  type OutputDefinition,
  type PluginContext,
  type PluginRegistry,
  type Router,
} from '@sluice/plugin';
import {
  GuardedFilter,
  GuardedSink,
  PluginMaker,
  type FilterStep,
  type Guard,
} from '@sluice/plugin/host';
import { LogEvents, logRoutes } from '../routing/log-events.js';
import { logLevels, type AgentLog } from '@sluice/log';
import { EventErrors } from '../routing/event-errors.js';
import { Routes } from '../routing/routes.js';
import { withPathUnder } from './buffer-path.js';
import { ConfigProblems } from './config-problems.js';
import { HostWatch } from './host-watch.js';
import { findLoop, type PassingOutput } from './label-loops.js';
import { Pipeline } from './pipeline.js';
import { elementsOfWorker } from './worker-sections.js';

const rootLabelName = '@ROOT';
const errorLabelName = '@ERROR';
const topLevel = ['source', 'filter', 'match', 'label', 'worker', 'system'];
const inLabel = ['filter', 'match'];

/** What a pipeline is built with. */
export interface PipelineOptions {
  /** The plugins that the configuration may name. */
  readonly registry: PluginRegistry;
  /** What is written to; each plugin gets a log of its own from it. */
  readonly log: AgentLog;
  /** Number of this worker, from 0. Default: 0. */
  readonly workerId?: number;
  /** How many workers there are. Default: 1. */
  readonly workers?: number;
  /** Make no inputs. Fluentd: `without_source`. Default: false. */
  readonly withoutSource?: boolean | undefined;
  /**
   * Seconds that all plugins together have to stop. Default: 55, below what a worker has before it is
   * killed.
   */
  readonly stopLimit?: number;
  /** The time, also for the plugins. Default: the system's. */
  readonly clock?: Clock;
  /** Seconds between two lines about failed emits. Default: 0, each has its line. */
  readonly emitErrorLogInterval?: number | undefined;
  /**
   * Folder of the file buffers that name none and whose output has an `@id`. Fluentd: `root_dir`.
   * Default: they need a path.
   */
  readonly rootDir?: string | undefined;
}

/**
 * Makes every plugin that a configuration names, with the routes between them, and opens nothing yet.
 *
 * @param root the whole configuration, as `loadConfig` gives it
 * @throws ConfigError with the place and what would be right, ConfigErrors for several mistakes
 */
export function buildPipeline(root: ConfigElement, options: PipelineOptions): Pipeline {
  const { log, workerId = 0, workers = 1, withoutSource = false } = options;
  for (const param of root.params.values()) {
    log.warn({}, `parameter ${param.name} outside of any section is not used`);
  }
  const elements = elementsOfWorker(root, workerId, workers);
  const builder = new PipelineBuilder(root, elements, options);
  if (withoutSource) log.info({}, '<source> sections are left out: without_source');
  return builder.build(elements, withoutSource);
}

/** What is needed while a pipeline is made, and not afterwards. */
class PipelineBuilder {
  readonly #registry: PluginRegistry;
  readonly #maker: PluginMaker;
  readonly #watch: HostWatch | undefined;
  readonly #log: AgentLog;
  readonly #logInterval: number | undefined;
  readonly #rootDir: string | undefined;
  readonly #stopLimit: number;
  readonly #clock: Clock;
  readonly #labels = new Map<string, Routes>();
  readonly #errors: EventErrors;
  readonly #routes: Routes;
  readonly #inputs: Input[] = [];
  readonly #filters: Filter[] = [];
  readonly #outputs: Output[] = [];
  readonly #guards: Guard[] = [];
  readonly #passing: { element: ConfigElement; to: Routes }[] = [];
  readonly #passingSinks: PassingOutput[] = [];
  readonly #problems = new ConfigProblems();

  constructor(root: ConfigElement, elements: readonly ConfigElement[], options: PipelineOptions) {
    const { registry, log, workerId = 0, workers = 1, withoutSource = false } = options;
    this.#registry = registry;
    this.#log = log;
    this.#logInterval = options.emitErrorLogInterval;
    this.#rootDir = options.rootDir;
    this.#stopLimit = options.stopLimit ?? 55;
    this.#clock = options.clock ?? systemClock;
    this.#maker = new PluginMaker({
      registry,
      log,
      logLevels,
      workerId,
      workers,
      clock: this.#clock,
    });
    if (!withoutSource && elements.some((element) => this.#watches(element))) {
      this.#watch = new HostWatch(root);
    }
    // All labels are there before any plugin asks for one; @ERROR before those that use it.
    const labels = elements.filter((element) => element.name === 'label');
    const errorLabel = labels.find((element) => element.arg === errorLabelName);
    if (errorLabel !== undefined) {
      const errors = new EventErrors({ log, logInterval: this.#logInterval });
      this.#labels.set(errorLabelName, new Routes({ log, errors, label: errorLabelName }));
    }
    this.#errors = new EventErrors({
      log,
      logInterval: this.#logInterval,
      router: this.#labels.get(errorLabelName),
    });
    this.#routes = new Routes({ log, errors: this.#errors });
    for (const element of elements) {
      this.#problems.attempt(() => checkName(element, topLevel, 'at the top level'));
    }
    for (const element of labels) {
      this.#problems.attempt(() => this.#declareLabel(element, errorLabel));
    }
  }

  build(elements: readonly ConfigElement[], withoutSource: boolean): Pipeline {
    for (const element of elements) {
      const routes = element.name === 'label' ? this.#labels.get(element.arg) : undefined;
      if (routes !== undefined) this.#fill(routes, element.elements);
    }
    this.#fill(this.#routes, elements);
    if (!withoutSource) {
      for (const element of elements) {
        if (element.name === 'source') this.#problems.attempt(() => this.#input(element));
      }
    }
    this.#problems.throwAny();
    const loop = findLoop([this.#routes, ...this.#labels.values()], this.#passingSinks);
    if (loop !== undefined) throw loop;
    const logRouter = logRoutes(elements, { routes: this.#routes, labels: this.#labels });
    const pipeline = new Pipeline({
      inputs: this.#inputs,
      filters: this.#filters,
      outputs: this.#outputs,
      routes: this.#routes,
      labels: this.#labels,
      errors: this.#errors,
      made: this.#maker.made,
      startChecks: this.#maker.startChecks,
      guards: this.#guards,
      warnings: this.#watch?.warningList,
      logEvents: logRouter && new LogEvents(logRouter),
      log: this.#log,
      stopLimit: this.#stopLimit,
      clock: this.#clock,
    });
    if (this.#watch !== undefined) this.#watch.pipeline = pipeline;
    return pipeline;
  }

  #watches(element: ConfigElement): boolean {
    if (element.name !== 'source' || element.type === undefined) return false;
    return this.#registry.get('input', element.type)?.definition.watchesHost === true;
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
      this.#problems.attempt(() => {
        throw element.error(`${param} has no meaning in ${element.tag}`, { param });
      });
    }
    for (const inner of element.elements) {
      this.#problems.attempt(() => checkName(inner, inLabel, `in ${element.tag}`));
    }
    if (element === errorLabel) return;
    if (this.#labels.has(name)) {
      throw element.error(`duplicate ${element.tag}`, {
        code: 'ERR_SLUICE_CONFIG_SECTION',
        arg: true,
        hint: 'join the two, or give one another name',
      });
    }
    const routes = new Routes({ log: this.#log, errors: this.#errors, label: name });
    this.#labels.set(name, routes);
  }

  #fill(routes: Routes, elements: readonly ConfigElement[]): void {
    for (const element of elements) this.#problems.attempt(() => this.#addRule(routes, element));
  }

  #addRule(routes: Routes, element: ConfigElement): void {
    const { arg: pattern } = element;
    if (element.name === 'match') {
      const matches = matcher(element);
      const output = this.#output(element, routes);
      for (const passing of this.#passing.splice(0)) {
        this.#passingSinks.push({ ...passing, sink: output });
      }
      routes.add({ pattern, matches, output });
    } else if (element.name === 'filter') {
      routes.add({ pattern, matches: matcher(element), filter: this.#filter(element, routes) });
    }
  }

  /** The routes that `@label` names, or else those given. @throws ConfigError */
  #labelOf(element: ConfigElement, otherwise: Routes): Routes {
    const name = element.label;
    if (name === undefined) return otherwise;
    if (name === rootLabelName) return this.#routes;
    const routes = this.#labels.get(name);
    if (routes !== undefined) return routes;
    const known = [...this.#labels.keys(), rootLabelName];
    throw element.error(`unknown label ${name}: there is no <label ${name}>`, {
      param: '@label',
      hint: didYouMean(name, known) ?? `the labels are ${known.join(', ')}`,
    });
  }

  #input(element: ConfigElement): void {
    const definition = this.#registry.find('input', element);
    const router = this.#labelOf(element, this.#routes);
    const common = this.#context(definition, element, this.#routes);
    const create = (to: Router): Input => {
      const host = definition.watchesHost === true ? this.#watch : undefined;
      const context = { ...common, router: to, ...(host !== undefined && { host }) };
      const input = this.#maker.make(definition, element, context);
      this.#inputs.push(input);
      return input;
    };
    if (this.#watch === undefined) create(router);
    else this.#watch.input(definition.type, element, router, create);
  }

  #output(written: ConfigElement, routes: Routes, usual?: string): EventSink {
    const definition = this.#registry.find('output', written, usual);
    const element = withoutOldParameters(written, definition.oldParameters ?? {});
    const router = this.#labelOf(element, routes);
    const routerOf = (section: ConfigElement): Router => this.#labelOf(section, router);
    const context = { ...this.#context(definition, element, routes), router, routerOf };
    // Plugins inside this one are made by `create`, and so come before it in the list.
    const buffer = bufferOf(definition, element);
    const output = this.#maker.make(definition, element, context, {
      ...(buffer !== undefined && {
        ignoreSections: ['buffer', 'secondary'],
        ignoreParams: [besideBuffer],
      }),
    });
    this.#outputs.push(output);
    if (definition.passesEventsOn === true) this.#passing.push({ element, to: router });
    const secondary = () => secondaryOf(element, definition.type, context);
    const outer =
      buffer === undefined
        ? output
        : this.#buffered(output, this.#bufferSection(buffer, element), context, secondary());
    const sink = new GuardedSink(outer, this.#clock);
    this.#guards.push(sink);
    return this.#watch?.output(definition.type, element, outer, sink) ?? sink;
  }

  #bufferSection(buffer: ConfigElement, output: ConfigElement): ConfigElement {
    const whole = withParamBeside(buffer, output);
    const { section } = this.#registry.find('chunk_store', whole, usualStore);
    return namesOf(section).includes('path') ? withPathUnder(this.#rootDir, whole, output) : whole;
  }

  #buffered(
    output: Output,
    element: ConfigElement,
    context: PluginContext,
    secondary: EventSink | undefined,
  ): Output {
    // The section is read twice: by the buffer, and by the store that its @type names.
    const { section } = this.#registry.find('chunk_store', element, usualStore);
    const store = innerPlugin(context, 'chunk_store', element, usualStore);
    const config = bufferSection.read(element, {
      log: context.log,
      ignoreParams: namesOf(section),
    });
    const buffered = new BufferedOutput(context, { output, store, secondary, config, element });
    this.#maker.made.push({ plugin: buffered, element, section: bufferSection });
    this.#outputs.push(buffered);
    return buffered;
  }

  #filter(written: ConfigElement, routes: Routes): FilterStep {
    const definition = this.#registry.find('filter', written);
    const element = withoutOldParameters(written, definition.oldParameters ?? {});
    const context = {
      ...this.#context(definition, element, routes),
      emitErrorEvents: routes.errors.emit,
    };
    const filter = this.#maker.make(definition, element, context);
    this.#filters.push(filter);
    const step = new GuardedFilter(filter, this.#clock);
    this.#guards.push(step);
    return this.#watch?.filter(definition.type, element, filter, step) ?? step;
  }

  #context(
    definition: { readonly type: string },
    element: ConfigElement,
    routes: Routes,
  ): PluginContext {
    return this.#maker.context(definition, element, (section, usual) =>
      this.#output(section, routes, usual),
    );
  }
}

/** The store of a `<buffer>` without a `@type`. */
const usualStore = 'memory';
/** What stands beside a `<buffer>`, as in Fluentd, and is read with it. */
const besideBuffer = 'slow_flush_log_threshold';

/** The names of a section's parameters. */
function namesOf(section: Section<unknown>): string[] {
  return describeSection(section).params.flatMap(({ name, aliases }) => [name, ...aliases]);
}

/**
 * The `<buffer>` that stands before an output. One that reads the section itself says which, or has
 * one only where a `@type` is written.
 *
 * @throws ConfigError where there are two
 */
function bufferOf(definition: OutputDefinition, element: ConfigElement): ConfigElement | undefined {
  const buffers = element.children('buffer');
  if (buffers.length > 1) throw buffers[1].error('duplicate <buffer>');
  if (definition.bufferOf !== undefined) return definition.bufferOf(element);
  const buffer = buffers.at(0);
  const readsIt = Object.hasOwn(definition.section.schema.sections ?? {}, 'buffer');
  return readsIt && buffer?.type === undefined ? undefined : buffer;
}

/** The buffer's section, with the parameter of it that stands in the section of the output. */
function withParamBeside(buffer: ConfigElement, output: ConfigElement): ConfigElement {
  const param = output.params.get(besideBuffer);
  if (param === undefined) return buffer;
  const { name, arg, location, params, elements } = buffer;
  return new ConfigElement({ name, arg, location, elements, params: [...params.values(), param] });
}

/**
 * The output of a `<secondary>`, which gets the chunks that the other one does not take.
 *
 * @param usual its type where none is named: that of the other one
 * @throws ConfigError
 */
function secondaryOf(
  element: ConfigElement,
  usual: string,
  context: PluginContext,
): EventSink | undefined {
  const [section, second] = element.children('secondary') as (ConfigElement | undefined)[];
  if (second !== undefined) throw second.error('duplicate <secondary>');
  return section && innerPlugin(context, 'output', section, usual);
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
