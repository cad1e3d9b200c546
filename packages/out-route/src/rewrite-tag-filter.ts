import { hostname } from 'node:os';
import { defineSection, elementOf, t, type ConfigElement, type SectionOf } from '@sluice/config';
import type { EventStream } from '@sluice/event-stream';
import {
  descend,
  EntryCursor,
  findFields,
  packField,
  textAt,
  type PackedField,
} from '@sluice/event-stream/packed';
import {
  defineOutput,
  Output,
  parseRecordAccessor,
  RecordAccessorError,
  type Keeping,
  type OutputContext,
  type PluginStatistics,
  type Router,
} from '@sluice/plugin';
import { routerFor } from './routers.js';
import { Split } from './split.js';
import { compileTag, TagTemplateError, type TagTemplate } from './tag-template.js';

const description = 'Gives events a new tag, and a label, by what stands in a field.';

const ruleSection = defineSection({
  name: 'rule',
  description: 'A pattern on a field, and the tag of events that have it. The first rule wins.',
  params: {
    key: t.string().describe("Field of the record: name, $.name.inner or $['name']['inner']"),
    pattern: t.regexp().describe('Regular expression, /…/ or without slashes'),
    tag: t
      .string()
      .describe('The new tag: $1 of the pattern, ${tag}, ${tag_parts[n]}, ${hostname}'),
    label: t.string().optional().describe('The label that the events go to: @NAME'),
    invert: t.bool().default(false).describe('Take events of which the pattern does not match'),
  },
});

const section = defineSection({
  name: 'match',
  description,
  params: {
    capitalizeRegexBackreference: t
      .bool()
      .default(false)
      .describe('Write what $1 and so on stand for with a capital letter'),
    removeTagPrefix: t
      .string()
      .optional()
      .describe('Left out at the beginning of ${tag}, with the dot'),
    removeTagRegexp: t.regexp().optional().describe('Left out of ${tag} wherever it matches'),
    hostnameCommand: t
      .string()
      .default('hostname')
      .describe('Not run: ${hostname} is the name of this machine'),
    emitMode: t
      .enum(['batch', 'record'])
      .default('batch')
      .describe("Events of one tag always stay together here; record is Fluentd's slower way"),
  },
  sections: { rules: { section: ruleSection, multiple: true } },
  check: ({ rules, hostnameCommand }, context) => {
    const old = [...context.element.params.keys()].find((name) => /^rewriterule\d+$/.test(name));
    if (old !== undefined) {
      throw context.element.error(`${old} is Fluentd's old way`, {
        param: old,
        hint: 'write <rule> with key, pattern and tag',
      });
    }
    if (rules.length === 0) {
      throw context.error(undefined, 'a <rule> is required', 'add key, pattern and tag in <rule>');
    }
    if (hostnameCommand !== 'hostname') {
      throw context.error(
        'hostnameCommand',
        'hostname_command is not run: ${hostname} is the name of this machine',
        'leave it out, or write the name into the tag',
      );
    }
  },
});

interface Rule {
  readonly field: PackedField;
  readonly pattern: RegExp;
  readonly invert: boolean;
  readonly tag: TagTemplate;
  readonly router: Router;
  readonly labelled: boolean;
}

/** A rule may take events of a tag by a field that they do not have only where it is inverted. */
function ruleOf(
  { key, pattern, tag, label, invert }: SectionOf<typeof ruleSection>,
  element: ConfigElement,
  context: OutputContext,
): Rule {
  const router = routerFor(context, element, 'label');
  const at = (param: string, make: () => PackedField | TagTemplate) => {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof RecordAccessorError || error instanceof TagTemplateError)) throw error;
      throw element.error(error.message, { param });
    }
  };
  const template = at('tag', () => compileTag(tag)) as TagTemplate;
  if (invert && template.usesMatch) {
    throw element.error('with invert there is no match that $1 could be of', { param: 'tag' });
  }
  return {
    field: at('key', () => packField(parseRecordAccessor(key))) as PackedField,
    pattern,
    invert,
    tag: template,
    router,
    labelled: label !== undefined,
  };
}

class RewriteTagFilterOutput extends Output {
  readonly #config: SectionOf<typeof section>;
  readonly #rules: readonly Rule[];
  readonly #names: readonly Buffer[];
  readonly #found: number[];
  readonly #hostname = hostname();
  #dropped = 0;
  #rewritten = 0;

  constructor(context: OutputContext, config: SectionOf<typeof section>, element: ConfigElement) {
    super(context);
    this.#config = config;
    this.#rules = config.rules.map((rule) => ruleOf(rule, elementOf(rule) ?? element, context));
    this.#names = this.#rules.map(({ field: { path } }) => {
      const [first] = path;
      return typeof first === 'number' ? Buffer.alloc(0) : first;
    });
    this.#found = this.#names.map(() => -1);
  }

  override statistics(): PluginStatistics {
    return { counters: { rewritten_events: this.#rewritten, dropped_events: this.#dropped } };
  }

  write(tag: string, stream: EventStream): Keeping {
    const { bytes } = stream;
    const source = { tag: this.#shortTag(tag), hostname: this.#hostname };
    const split = new Split(stream);
    const entry = new EntryCursor(bytes);
    while (entry.next()) {
      findFields(bytes, entry.record, this.#names, this.#found);
      const destination = this.#rewrite(bytes, tag, source);
      if (destination === undefined) this.#dropped += 1;
      else {
        this.#rewritten += 1;
        split.add(destination, entry.start, entry.end);
      }
    }
    return split.emit(this.id);
  }

  /** @returns undefined where no rule takes the event, or its tag would lead it back to us */
  #rewrite(
    bytes: Buffer,
    tag: string,
    source: { tag: string; hostname: string },
  ): { router: Router; tag: string } | undefined {
    for (const [index, rule] of this.#rules.entries()) {
      const { path } = rule.field;
      const text = textAt(bytes, descend(bytes, this.#found[index], path, 1));
      if (text === '' && !rule.invert) continue;
      const match = rule.pattern.exec(text);
      if ((match === null) !== rule.invert) continue;
      const made = rule.tag.text(source, match ?? [], this.#config.capitalizeRegexBackreference);
      return made === tag && !rule.labelled ? undefined : { router: rule.router, tag: made };
    }
    return undefined;
  }

  #shortTag(tag: string): string {
    const { removeTagPrefix, removeTagRegexp } = this.#config;
    let short = tag;
    if (removeTagPrefix !== undefined && short.startsWith(removeTagPrefix)) {
      short = short.slice(removeTagPrefix.length).replace(/^\./, '');
    }
    return removeTagRegexp === undefined ? short : short.replace(removeTagRegexp, '');
  }
}

/** `@type rewrite_tag_filter`. Fluentd: `fluent-plugin-rewrite-tag-filter`. */
export const rewriteTagFilterOutput = defineOutput({
  type: 'rewrite_tag_filter',
  description,
  section,
  create: (config, context, element) => new RewriteTagFilterOutput(context, config, element),
});
