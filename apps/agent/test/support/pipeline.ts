import * as buffer from '@sluice/buffer';
import { defineSection, parseConfig } from '@sluice/config';
import { EventStream } from '@sluice/event-stream';
import * as filterCore from '@sluice/filter-core';
import * as formats from '@sluice/formats';
import * as outCore from '@sluice/out-core';
import * as outFile from '@sluice/out-file';
import * as outSecondaryFile from '@sluice/out-secondary-file';
import {
  defineInput,
  defineOutput,
  Input,
  isPluginDefinition,
  KEPT,
  Output,
  PluginRegistry,
  type Keeping,
  type Router,
} from '@sluice/plugin';
import { createLog } from '@sluice/log';
import { buildPipeline, type PipelineOptions } from '../../src/pipeline/build-pipeline.js';
import type { Pipeline } from '../../src/pipeline/pipeline.js';

const shipped = [buffer, filterCore, formats, outCore, outFile, outSecondaryFile].flatMap(
  (module) => (Object.values(module) as unknown[]).filter(isPluginDefinition),
);

/** A record as a test writes it. */
export type TestRecord = Record<string, unknown>;

class TestInput extends Input {}
const empty = (name: string) => defineSection({ name });

/** A pipeline in this process, with its outputs and its log open to the test. */
export class TestPipeline {
  /** What each `@type keep` has, by its `@id`: tag and record. */
  readonly kept = new Map<string, [tag: string, record: TestRecord][]>();
  readonly log: (TestRecord & { msg: string; level: number })[] = [];
  readonly pipeline: Pipeline;

  constructor(configuration: string, options: Partial<PipelineOptions> = {}) {
    const { kept } = this;
    class Keep extends Output {
      write(tag: string, stream: EventStream): Keeping {
        const events = kept.get(this.id) ?? [];
        kept.set(this.id, events);
        for (const { record } of stream) events.push([tag, record]);
        return KEPT;
      }
    }
    class Fail extends Output {
      // eslint-disable-next-line @typescript-eslint/require-await
      async write(): Promise<void> {
        throw new Error('the disk is full');
      }
    }
    const plugins = [
      ...shipped,
      defineInput({
        type: 'test',
        description: '',
        section: empty('source'),
        create: (_config, context) => new TestInput(context),
      }),
      defineOutput({
        type: 'keep',
        description: '',
        section: empty('match'),
        create: (_config, context) => new Keep(context),
      }),
      defineOutput({
        type: 'fail',
        description: '',
        section: empty('match'),
        create: (_config, context) => new Fail(context),
      }),
    ];
    const write = (line: string): void => {
      this.log.push(JSON.parse(line) as TestRecord & { msg: string; level: number });
    };
    const registry = new PluginRegistry();
    for (const plugin of plugins) registry.add(plugin, { from: 'test', version: undefined });
    this.pipeline = buildPipeline(parseConfig(configuration, { path: 'test.conf' }), {
      registry,
      log: createLog({ format: 'json', write }),
      ...options,
    });
  }

  /** Where the first source leads to, or the top level where there is none. */
  get router(): Router {
    return this.pipeline.inputs.at(0)?.router ?? this.pipeline.routes;
  }

  emit(tag: string, ...records: TestRecord[]): Keeping {
    return this.router.emit(
      tag,
      EventStream.fromEvents(records.map((record) => ({ time: 1, record }))),
    );
  }

  /** The records that the output of this id has. */
  records(id: string): TestRecord[] {
    return (this.kept.get(id) ?? []).map(([, record]) => record);
  }

  warnings(): string[] {
    return this.log.filter(({ level }) => level >= 40).map(({ msg }) => msg);
  }
}
