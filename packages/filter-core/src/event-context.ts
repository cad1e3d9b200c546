import { hostname } from 'node:os';
import type { EntryCursor } from '@sluice/event-stream/packed';
import { localOffset } from '@sluice/formats';
import { fromPacked, RubyTime, type RubyHash, type Value } from '@sluice/formats/ruby';

const host = hostname();

/** What a tag is made of, as Fluentd gives it to placeholders. */
export class TagValues {
  readonly parts: readonly string[];
  readonly prefix: readonly string[];
  readonly suffix: readonly string[];

  constructor(readonly tag: string) {
    // As Ruby splits it: empty parts at the end are none.
    this.parts = tag.replace(/\.+$/, '').split('.');
    this.prefix = this.parts.map((_, index) => this.parts.slice(0, index + 1).join('.'));
    this.suffix = this.parts.map((_, index) => this.parts.slice(index).join('.'));
  }
}

/** One event, as values of `<record>` see it; its record is decoded when somebody asks. */
export class EventContext {
  /** Where the event stands now. */
  entry: EntryCursor | undefined;
  #record: RubyHash | undefined;
  readonly #constants: Readonly<Record<string, Value>>;

  constructor(readonly tags: TagValues) {
    const { tag, parts, prefix, suffix } = tags;
    this.#constants = {
      tag,
      hostname: host,
      tag_parts: [...parts],
      tag_prefix: [...prefix],
      tag_suffix: [...suffix],
    };
  }

  /** Goes to the event at which the cursor stands. */
  moveTo(entry: EntryCursor): this {
    this.entry = entry;
    this.#record = undefined;
    return this;
  }

  get time(): RubyTime {
    const { entry } = this;
    return new RubyTime(entry?.seconds ?? 0, entry?.nanoseconds ?? 0, localOffset);
  }

  get record(): RubyHash {
    if (this.#record === undefined) {
      const { entry } = this;
      this.#record =
        entry === undefined ? new Map() : (fromPacked(entry.bytes, entry.record) as RubyHash);
    }
    return this.#record;
  }

  /** The value of a bare name of an expression. */
  readonly named = (name: string): Value => {
    if (name === 'record') return this.record;
    if (name === 'time') return this.time;
    return this.#constants[name] ?? null;
  };
}
