import {
  defineSection,
  elementOf,
  param,
  t,
  type ConfigElement,
  type SectionOf,
} from '@sluice/config';
import { EventStream } from '@sluice/event-stream';
import { descend, EntryCursor, findFields, textAt } from '@sluice/event-stream/packed';
import { defineFilter, Filter, type FilterContext, type PluginStatistics } from '@sluice/plugin';
import { inSlices } from './slices.js';
import { ConditionCollector, type Condition, type Conditions } from './grep-conditions.js';

const key = t.string().describe("Field of the record: name, $.name.inner or $['name']['inner']");
const pattern = t.regexp().describe('Regular expression, /…/ or without slashes');
const regexp = defineSection({
  name: 'regexp',
  description: 'Keeps events whose field matches.',
  params: { key, pattern },
});
const exclude = defineSection({
  name: 'exclude',
  description: 'Drops events whose field matches.',
  params: { key, pattern },
});
const conditions = {
  regexps: { section: regexp, multiple: true },
  excludes: { section: exclude, multiple: true },
} as const;

type Group = SectionOf<typeof and>;

/** The check of `<and>` and `<or>`: one kind of condition in each. */
function oneKind(name: string) {
  return (
    value: { regexps: unknown[]; excludes: unknown[] },
    { error }: { error: (key: string | undefined, message: string, hint?: string) => Error },
  ): void => {
    if (value.regexps.length === 0 || value.excludes.length === 0) return;
    throw error(
      undefined,
      `<${name}> has both <regexp> and <exclude>`,
      `put them into two <${name}> sections`,
    );
  };
}

const and = defineSection({
  name: 'and',
  description:
    'All <regexp> of it must match; or events that match all <exclude> of it are dropped.',
  sections: conditions,
  check: oneKind('and'),
});
const or = defineSection({
  name: 'or',
  description:
    'One <regexp> of it must match; or events that match any <exclude> of it are dropped.',
  sections: conditions,
  check: oneKind('or'),
});

/** Fluentd's old parameters: `regexp1 key pattern`, up to 20. */
const numbers = Array.from({ length: 20 }, (_, i) => i + 1);
const oldNames = (['regexp', 'exclude'] as const).flatMap((kind) =>
  numbers.map((number) => ({ kind, name: `${kind}${number}` })),
);

const section = defineSection({
  name: 'filter',
  description: 'Keeps or drops events by patterns on fields of their records.',
  params: Object.fromEntries(
    oldNames.map(({ kind, name }) => [
      name,
      param(t.string().optional(), { name, deprecated: `use a <${kind}> section` }),
    ]),
  ),
  sections: {
    ...conditions,
    ands: { section: and, multiple: true },
    ors: { section: or, multiple: true },
  },
});

type Config = SectionOf<typeof section>;

function collect(config: Config, element: ConfigElement): Conditions {
  const collector = new ConditionCollector();
  for (const { kind, name } of oldNames) {
    const text = config[name];
    if (text === undefined) continue;
    const [oldKey, oldPattern] = splitOld(text, name, element);
    const list = kind === 'regexp' ? 'regexpAnd' : 'excludeOr';
    const source = t.regexp().read(oldPattern);
    if (!source.ok) throw element.error(`${name}: ${source.message}`, { param: name });
    collector.add(list, oldKey, source.value, { element, param: name, where: `among ${kind}N` });
  }
  const addGroup = (
    group: Group,
    lists: [keyof Conditions, keyof Conditions],
    where: string,
  ): void => {
    for (const [index, list] of lists.entries()) {
      for (const condition of index === 0 ? group.regexps : group.excludes) {
        const place = { element: elementOf(condition) ?? element, param: 'key', where };
        collector.add(list, condition.key, condition.pattern, place);
      }
    }
  };
  addGroup(config, ['regexpAnd', 'excludeOr'], 'in <filter>');
  for (const group of config.ands) addGroup(group, ['regexpAnd', 'excludeAnd'], 'in <and>');
  for (const group of config.ors) addGroup(group, ['regexpOr', 'excludeOr'], 'in <or>');
  return collector.conditions;
}

function splitOld(text: string, name: string, element: ConfigElement): [string, string] {
  const space = text.indexOf(' ');
  if (space > 0) return [text.slice(0, space), text.slice(space + 1)];
  throw element.error(`${name} does not have a key and a pattern`, {
    param: name,
    hint: `write ${name} key pattern, with one blank between`,
  });
}

/** So many events are looked at between two looks at the clock. */
const eventsPerStep = 64;

class GrepFilter extends Filter {
  /** Events that were dropped. */
  droppedEvents = 0;
  readonly #conditions: Conditions;
  /** The names of fields that are looked for in each record, and where they were found. */
  readonly #names: Buffer[] = [];
  readonly #found: number[];
  /** For each condition where its field's first name is in `#names`. */
  readonly #slots = new Map<Condition, number>();

  constructor(context: FilterContext, conditions: Conditions) {
    super(context);
    this.#conditions = conditions;
    for (const condition of Object.values(conditions).flat() as Condition[]) {
      const [name] = condition.field.path as [Buffer];
      let slot = this.#names.findIndex((known) => known.equals(name));
      if (slot === -1) slot = this.#names.push(name) - 1;
      this.#slots.set(condition, slot);
    }
    this.#found = this.#names.map(() => -1);
  }

  override statistics(): PluginStatistics {
    return { counters: { dropped_events: this.droppedEvents } };
  }

  // Records are walked over, not decoded: of each only the fields that the patterns are for.
  filter(_tag: string, stream: EventStream): EventStream | Promise<EventStream> {
    return inSlices(this.#steps(stream));
  }

  *#steps(stream: EventStream): Generator<undefined, EventStream> {
    const { bytes } = stream;
    let target: Buffer | undefined;
    let length = 0;
    let kept = 0;
    let pos = 0;
    let run = 0; // where the present run of kept entries begins; -1 in a run of others
    let step = 0;
    const entry = new EntryCursor(bytes);
    while (entry.moveTo(pos)) {
      const end = findFields(bytes, entry.record, this.#names, this.#found);
      if (this.#keeps(bytes)) {
        kept += 1;
        if (run === -1) run = pos;
      } else if (run !== -1) {
        // One copy into one buffer: a run may be as short as one entry, and there may be millions.
        target ??= Buffer.allocUnsafe(bytes.length);
        length += bytes.copy(target, length, run, pos);
        run = -1;
      }
      pos = end;
      step += 1;
      if (step % eventsPerStep === 0) yield;
    }
    this.droppedEvents += stream.count - kept;
    if (target === undefined) return stream;
    if (kept === 0) return EventStream.empty;
    if (run !== -1) length += bytes.copy(target, length, run, pos);
    return stream.withEntries(target.subarray(0, length), kept);
  }

  #keeps(bytes: Buffer): boolean {
    const { regexpAnd, regexpOr, excludeAnd, excludeOr } = this.#conditions;
    for (const condition of regexpAnd) if (!this.#matches(bytes, condition)) return false;
    if (regexpOr.length > 0 && !regexpOr.some((condition) => this.#matches(bytes, condition))) {
      return false;
    }
    if (excludeAnd.length > 0 && excludeAnd.every((condition) => this.#matches(bytes, condition))) {
      return false;
    }
    for (const condition of excludeOr) if (this.#matches(bytes, condition)) return false;
    return true;
  }

  #matches(bytes: Buffer, condition: Condition): boolean {
    const at = this.#found[this.#slots.get(condition)!];
    const value = at < 0 ? at : descend(bytes, at, condition.field.path, 1);
    return condition.pattern.test(textAt(bytes, value));
  }
}

/** `@type grep`. Fluentd: `filter_grep`. */
export const grepFilter = defineFilter({
  type: 'grep',
  description: 'Keeps or drops events by patterns on fields of their records.',
  section,
  create: (config, context, element) => new GrepFilter(context, collect(config, element)),
});
