import { defineSection, parseConfig } from '@sluice/config';
import { EventStream } from '@sluice/event-stream';
import {
  defineFilter,
  defineInput,
  defineOutput,
  Filter,
  Input,
  KEPT,
  Output,
  PluginRegistry,
  type Keeping,
  type PluginDefinition,
  type PluginStatistics,
} from '@sluice/plugin';
import { TestClock } from '@sluice/plugin/testing';
import { createLog } from '@sluice/log';
import { buildPipeline, type PipelineOptions } from '../../src/pipeline/build-pipeline.js';
import type { Pipeline } from '../../src/pipeline/pipeline.js';

/** What the plugins of type `bad` do; where nothing is said, all is well. */
export interface Habits {
  create?: () => never;
  start?: () => void | Promise<void>;
  stop?: () => void | Promise<void>;
  write?: () => Keeping;
  filter?: () => EventStream | Promise<EventStream>;
  statistics?: () => PluginStatistics;
}

/** A pipeline in this process with plugins of the types `good` and `bad`, and a clock of the test's. */
export class BadHost {
  /** What the good outputs have taken: `ID TAG`, and `ID stop`. */
  readonly kept: string[] = [];
  readonly log: { msg: string; level: number; [field: string]: unknown }[] = [];
  readonly clock = new TestClock();
  readonly pipeline: Pipeline;

  constructor(habits: Habits, configuration: string, options: Partial<PipelineOptions> = {}) {
    const registry = new PluginRegistry();
    for (const plugin of plugins(habits, this.kept)) {
      registry.add(plugin, { from: 'test', version: undefined });
    }
    const write = (line: string): void => void this.log.push(JSON.parse(line) as never);
    this.pipeline = buildPipeline(parseConfig(configuration, { path: 'test.conf' }), {
      registry,
      log: createLog({ format: 'json', write }),
      clock: this.clock,
      ...options,
    });
  }

  emit(tag: string): Keeping {
    return this.pipeline.routes.emit(tag, EventStream.fromEvents([{ time: 1, record: {} }]));
  }

  warnings(): string[] {
    return this.log.filter(({ level }) => level >= 40).map(({ msg }) => msg);
  }
}

function plugins(habits: Habits, kept: string[]): PluginDefinition[] {
  class Good extends Output {
    override write(tag: string): Keeping {
      kept.push(`${this.id} ${tag}`);
      return KEPT;
    }
    override stop(): void {
      kept.push(`${this.id} stop`);
    }
  }
  class BadOutput extends Output {
    override start(): void | Promise<void> {
      return habits.start?.();
    }
    override stop(): void | Promise<void> {
      return habits.stop?.();
    }
    override write(): Keeping {
      return habits.write === undefined ? KEPT : habits.write();
    }
    override statistics(): PluginStatistics {
      return habits.statistics?.() ?? {};
    }
  }
  class BadFilter extends Filter {
    override filter(_tag: string, stream: EventStream): EventStream | Promise<EventStream> {
      return habits.filter === undefined ? stream : habits.filter();
    }
  }
  class Source extends Input {}
  const made = <T>(plugin: T): T => (habits.create === undefined ? plugin : habits.create());
  const common = (type: string, name: string) => ({
    type,
    description: '',
    section: defineSection({ name }),
  });
  return [
    defineInput({ ...common('good', 'source'), create: (_, context) => new Source(context) }),
    defineOutput({ ...common('good', 'match'), create: (_, context) => new Good(context) }),
    defineOutput({
      ...common('bad', 'match'),
      create: (_, context) => made(new BadOutput(context)),
    }),
    defineFilter({
      ...common('bad', 'filter'),
      create: (_, context) => made(new BadFilter(context)),
    }),
  ];
}
