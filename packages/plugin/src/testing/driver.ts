import { parseConfig, type ConfigElement } from '@sluice/config';
import {
  sectionOfKind,
  type DefinitionOf,
  type PluginKind,
  type PluginKinds,
} from '../definition.js';
import { GuardedSink } from '../hosting/guards.js';
import { PluginMaker } from '../hosting/plugin-maker.js';
import { startPlugins, stopPlugins, type LifecycleError } from '../lifecycle.js';
import { definitionsOf } from '../loading/import-plugins.js';
import { PluginRegistry } from '../loading/registry.js';
import type { EventSink } from '../output.js';
import type { Plugin } from '../plugin.js';
import type { PluginStatistics } from '../statistics.js';
import { TestClock } from './test-clock.js';
import { testLog, testLogLevels, type LogLine } from './test-log.js';
import { TestRouter } from './test-router.js';

/** What a test may say of the host around its plugin. */
export interface DriverOptions {
  /**
   * Plugins that sections inside of this one may name, such as the formatters for `<format>`: what
   * modules export (`import * as formats from '@sluice/formats'`). Default: none.
   */
  readonly plugins?: readonly object[];
  /** Fluentd: `@id`. Default: `test`. */
  readonly id?: string;
  /** Default: 0. */
  readonly workerId?: number;
  /** Default: 1. */
  readonly workers?: number;
  /** Default: a clock that stands at 2030-01-01T00:00:00Z until the test moves it on. */
  readonly clock?: TestClock;
}

/** A plugin that a test has made from a configuration, and the host around it. */
export class Driver<Kind extends PluginKind> {
  /** The plugin itself. */
  readonly plugin: PluginKinds[Kind]['plugin'];
  /** What it was made from. */
  readonly element: ConfigElement;
  /** What it has logged. */
  readonly log: LogLine[] = [];
  /** The clock that it has as `this.clock`. */
  readonly clock: TestClock;
  /** Takes what it emits. */
  readonly router = new TestRouter();
  /** Take what it emits to the `@label` of sections inside, by the label. */
  readonly labels = new Map<string, TestRouter>();
  readonly #registry = new PluginRegistry();
  readonly #maker: PluginMaker;
  #stopped: Promise<LifecycleError[]> | undefined;

  /** @throws ConfigError for a wrong configuration */
  constructor(
    definition: DefinitionOf<Kind>,
    configuration: string,
    options: DriverOptions,
    more: object = {},
  ) {
    const { id = 'test', plugins = [], clock = new TestClock() } = options;
    const { workerId = 0, workers = 1 } = options;
    this.clock = clock;
    this.#maker = new PluginMaker({
      registry: this.#registry,
      log: testLog(this.log),
      logLevels: testLogLevels,
      workerId,
      workers,
      clock,
    });
    for (const each of plugins.flatMap((exported) => definitionsOf({ exported, ...exported }))) {
      this.#registry.add(each, { from: 'test', version: undefined });
    }
    this.element = sectionAround(definition, configuration);
    const routerOf = (section: ConfigElement): TestRouter => this.#routerOf(section);
    const context = { router: this.router, routerOf, ...more };
    this.plugin = this.#make(definition, this.element, context, id);
  }

  /** What it tells of itself. */
  get statistics(): PluginStatistics {
    return this.plugin.statistics();
  }

  /** Runs the phases that begin its life. @returns itself @throws LifecycleError */
  async start(): Promise<this> {
    await startPlugins(this.#plugins());
    return this;
  }

  /** Runs the phases that end its life, once. @returns what failed on the way; it is logged, too */
  stop(): Promise<LifecycleError[]> {
    return (this.#stopped ??= stopPlugins(this.#plugins().toReversed()));
  }

  /** The lines that it has logged as warnings and errors. */
  warnings(): string[] {
    return this.log
      .filter(({ level }) => level === 'warn' || level === 'error')
      .map(({ text }) => text);
  }

  /** Those inside of it come before it. */
  #plugins(): Plugin[] {
    return this.#maker.made.map(({ plugin }) => plugin);
  }

  #routerOf({ label }: ConfigElement): TestRouter {
    if (label === undefined) return this.router;
    const router = this.labels.get(label) ?? new TestRouter();
    this.labels.set(label, router);
    return router;
  }

  #make<K extends PluginKind>(
    definition: DefinitionOf<K>,
    element: ConfigElement,
    more: object = {},
    id?: string,
  ): PluginKinds[K]['plugin'] {
    const output = (section: ConfigElement, usual?: string): EventSink =>
      new GuardedSink(
        this.#make(this.#registry.find('output', section, usual), section),
        this.clock,
      );
    const context = this.#maker.context(definition, element, output, id);
    return this.#maker.make(definition, element, { ...context, ...more });
  }
}

/** The section that the agent would read the plugin from, with the lines of the test inside. */
function sectionAround(
  { kind, type }: { kind: PluginKind; type: string },
  lines: string,
): ConfigElement {
  const name = sectionOfKind[kind];
  const tag = kind === 'filter' || kind === 'output' ? `${name} **` : name;
  const named = /^\s*@type\s/m.test(lines.split(/^\s*</m)[0]) ? '' : `@type ${type}\n`;
  return parseConfig(`<${tag}>\n${named}${lines}\n</${name}>`, { path: 'test.conf' }).elements[0];
}
