import { defineSection, type ConfigElement } from '@sluice/config';
import type { EventStream } from '@sluice/event-stream';
import { createInjector, formatSections, type Injector } from '@sluice/formats';
import {
  defineOutput,
  formatterOf,
  Output,
  type Formatter,
  type OutputContext,
} from '@sluice/plugin';
import { standardOutputWriter } from './standard-output.js';

class StdoutOutput extends Output {
  readonly #formatter: Formatter;
  readonly #injector: Injector | undefined;

  constructor(context: OutputContext, element: ConfigElement) {
    super(context);
    this.#formatter = formatterOf(context, element, 'stdout');
    this.#injector = createInjector(element, this.workerId, context.log);
  }

  write(tag: string, stream: EventStream): Promise<void> {
    const events = this.#injector?.apply(tag, stream) ?? stream;
    return standardOutputWriter.write(this.#formatter.format(tag, events));
  }

  override shutdown(): Promise<void> {
    return standardOutputWriter.idle();
  }
}

const description = 'Writes each event to standard output; as a line of time, tag and JSON.';

/** `@type stdout`. Fluentd: `out_stdout`, with the same line. */
export const stdoutOutput = defineOutput({
  type: 'stdout',
  description,
  section: defineSection({
    name: 'match',
    description,
    sections: formatSections,
  }),
  oldParameters: { format: true, inject: true },
  create: (_config, context, element) => new StdoutOutput(context, element),
});
