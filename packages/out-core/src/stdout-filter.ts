import { defineSection, type ConfigElement } from '@sluice/config';
import type { EventStream } from '@sluice/event-stream';
import { createInjector, formatSections, type Injector } from '@sluice/formats';
import {
  defineFilter,
  Filter,
  formatterOf,
  KEPT,
  type FilterContext,
  type Formatter,
  type PluginStatistics,
} from '@sluice/plugin';
import { standardOutputWriter } from './standard-output.js';

class StdoutFilter extends Filter {
  readonly #formatter: Formatter;
  readonly #injector: Injector | undefined;
  #failedWrites = 0;

  constructor(context: FilterContext, element: ConfigElement) {
    super(context);
    this.#formatter = formatterOf(context, element, 'stdout');
    this.#injector = createInjector(element, this.workerId, context.log);
  }

  filter(tag: string, stream: EventStream): EventStream | Promise<EventStream> {
    let lines: Buffer;
    try {
      lines = this.#formatter.format(tag, this.#injector?.apply(tag, stream) ?? stream);
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error));
      const kept = this.emitErrorEvents(tag, stream, reason);
      return kept === KEPT ? stream : kept.then(() => stream);
    }
    return this.#write(lines, stream);
  }

  override statistics(): PluginStatistics {
    return { counters: { failed_writes: this.#failedWrites } };
  }

  override shutdown(): Promise<void> {
    return standardOutputWriter.idle();
  }

  // Whoever reads along slowly slows the events down; whoever has gone does not lose them.
  async #write(lines: Buffer, stream: EventStream): Promise<EventStream> {
    try {
      await standardOutputWriter.write(lines);
    } catch (error) {
      this.#failedWrites += 1;
      this.log.warn({ err: error }, 'standard output does not take the events; they go on');
    }
    return stream;
  }
}

const description = 'Writes each event to standard output, and passes it on unchanged.';

/** `<filter> @type stdout`. Fluentd: `filter_stdout`. */
export const stdoutFilter = defineFilter({
  type: 'stdout',
  description,
  section: defineSection({ name: 'filter', description, sections: formatSections }),
  oldParameters: { format: true, inject: true },
  create: (_config, context, element) => new StdoutFilter(context, element),
});
