import { defineSection, t, type SectionOf } from '@sluice/config';
import type { EventStream } from '@sluice/event-stream';
import { defineFormatter, Formatter, type Framing, type PluginContext } from '@sluice/plugin';
import { addNewlineParam, framingOf, newlineOf, newlineParam } from './newline.js';

const description = 'The record as JSON.';

const section = defineSection({
  name: 'format',
  description,
  params: {
    ...addNewlineParam,
    ...newlineParam,
    jsonParser: t
      .string()
      .optional()
      .describe("Fluentd's choice of a JSON library; accepted, there is only one here"),
  },
});

class JsonFormatter extends Formatter {
  override readonly framing: Framing;
  readonly #options: { readonly newline: string };

  constructor(context: PluginContext, config: SectionOf<typeof section>) {
    super(context);
    this.framing = framingOf(config.addNewline);
    this.#options = { newline: newlineOf(config.newline, config.addNewline) };
  }

  format(_tag: string, stream: EventStream): Buffer {
    return stream.toJsonLines(this.#options);
  }

  override formatInto(_tag: string, stream: EventStream, target: Buffer, offset: number): number {
    return stream.writeJsonLines(target, offset, this.#options);
  }
}

/** `@type json`. Fluentd: `formatter_json`. */
export const jsonFormatter = defineFormatter({
  type: 'json',
  description,
  section,
  create: (config, context) => new JsonFormatter(context, config),
});
