import { t, type ConfigElement } from '@sluice/config';
import { EventTime } from '@sluice/event-stream';
import type { ParsedCallback, PluginContext } from '@sluice/plugin';
import { define, type Filled } from './define.js';
import { groupsOf, hasNames } from './regexp.js';
import { TextParser } from './text-parser.js';

const mostFormats = 20;
const names = Array.from({ length: mostFormats }, (_, index) => `format${index + 1}`);

const params = {
  formatFirstline: t
    .regexp()
    .optional()
    .describe('Matches the first line of each event, for inputs that read line by line'),
  unmatchedLines: t
    .string()
    .optional()
    .describe(
      'Give what does not match as a field unmatched_line (a value of any kind turns it on)',
    ),
  ...Object.fromEntries(
    names.map((name, index) => [
      name,
      t
        .string()
        .optional()
        .describe(`Part ${index + 1} of the expression, /(?<name>…)/`),
    ]),
  ),
};
type Config = Filled<typeof params>;

/** Where a group must be closed a wrong expression would only be seen when it is too late. */
function joined(element: ConfigElement): RegExp {
  let text = '';
  let last = true;
  for (const name of names) {
    const format = element.get(name);
    if (format === undefined) {
      last = false;
      continue;
    }
    if (!last) {
      const missing = names[names.indexOf(name) - 1];
      throw element.error(`${name} without ${missing}`, {
        param: name,
        hint: 'number the formats without a gap',
      });
    }
    if (format.length < 2 || !format.startsWith('/') || !format.endsWith('/')) {
      throw element.error(`${name} is not a /regular expression/`, {
        param: name,
        hint: 'write it in slashes',
      });
    }
    text += format.slice(1, -1);
  }
  const reading = t.regexp().read(`/${text}/m`);
  if (!reading.ok || !hasNames(reading.value)) {
    throw element.error(
      reading.ok ? 'the formats have no named group' : reading.message,
      element.params.has('format1') ? { param: 'format1' } : {},
    );
  }
  return reading.value;
}

/** Finds one event after another in a text of several lines. */
export class MultilineParser extends TextParser {
  readonly #expression: RegExp;
  readonly #firstLine: RegExp | undefined;
  readonly #unmatched: boolean;

  constructor(context: PluginContext, config: Config, element: ConfigElement) {
    super(context, 'multiline', config);
    this.#expression = joined(element);
    this.#firstLine = config.formatFirstline;
    this.#unmatched = config.unmatchedLines !== undefined;
  }

  /**
   * Whether a line is the first of an event; undefined where the configuration does not say it.
   * Fluentd: `firstline?`.
   */
  isFirstLine(line: string): boolean | undefined {
    return this.#firstLine?.test(line);
  }

  /** Takes the next lines. */
  protected readText(text: string, found: ParsedCallback): void {
    for (;;) {
      const match = this.#expression.exec(text);
      if (match === null) {
        if (!this.#unmatched) throw this.mismatch();
        found(EventTime.now(), { unmatched_line: text });
        return;
      }
      this.finish(groupsOf(match), found);
      const end = match.index + match[0].length;
      // An expression that matches nothing at all would match it for ever.
      if (end === 0) return;
      text = text.slice(text[end] === '\n' ? end + 1 : end);
      if (text === '') return;
    }
  }
}

/** `@type multiline`. Fluentd: `parser_multiline`. */
export const multilineParser = define({
  type: 'multiline',
  description: 'Fields of events of several lines, by one expression in up to 20 parts.',
  params,
  usual: { timeKey: 'time' },
  check: (_config, context) => {
    joined(context.element);
  },
  create: (context, config, element) => new MultilineParser(context, config, element),
});
