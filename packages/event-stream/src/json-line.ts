import { EventTime } from './event-time.js';
import * as writer from './json-writer.js';
import { EntryCursor } from './packed/entry-cursor.js';
import { setFields, type PackedFields } from './packed/set-fields.js';

/** How {@link EventStream.toJsonLines} writes a line. */
export interface JsonLinesOptions {
  /**
   * Text before the record on each line, for instance a formatted time and a tag, each followed
   * by a tab. Called for each event whose time is not that of the one before; give back the same
   * string for the same second where you can. It must not write JSON lines itself.
   */
  prefix?: (seconds: number, nanoseconds: number) => string;
  /** Adds the time to each record under this name, as ISO 8601 with nanoseconds. */
  timeKey?: string;
  /** With {@link JsonLinesOptions.tag}: adds the tag to each record under this name. */
  tagKey?: string;
  /** What is written under `tagKey`. Default: no tag. */
  tag?: string;
  /** What ends each line. Default `\n`. */
  newline?: string;
}

/** What the lines of a call have in common. */
export class Line {
  /** What ends each line. */
  readonly newline: Buffer;
  /** Fields before those of the record, as JSON without braces, where they do not depend on its time. */
  readonly #fixedFields: string;
  readonly #timeField: string;
  readonly #prefix: JsonLinesOptions['prefix'];

  /** Fields that are set in each record. */
  readonly #set: PackedFields | undefined;
  constructor(
    { prefix, timeKey, tagKey, tag, newline }: JsonLinesOptions,
    set: PackedFields | undefined,
  ) {
    this.#set = set;
    this.newline = Buffer.from(newline ?? '\n');
    this.#prefix = prefix;
    this.#timeField = timeKey === undefined ? '' : `${JSON.stringify(timeKey)}:`;
    this.#fixedFields =
      tagKey === undefined || tag === undefined
        ? ''
        : `${JSON.stringify(tagKey)}:${JSON.stringify(tag)}`;
  }

  /** Whether the text before the record depends on its time. */
  get timedHead(): boolean {
    return this.#prefix !== undefined || this.#timeField !== '';
  }

  /** Whether any text around the record depends on its time. */
  get timed(): boolean {
    return this.timedHead || typeof this.#set?.bytes === 'function';
  }

  /** Names of the fields that are set in each record. */
  get names(): readonly Buffer[] {
    return this.#set?.names ?? [];
  }

  /** Whether fields come before those of the record. */
  get hasFields(): boolean {
    return this.#fixedFields !== '' || this.#timeField !== '';
  }

  /** Everything before the first field of a record of that time, its brace included. */
  head(seconds: number, nanoseconds: number): string {
    const prefix = this.#prefix?.(seconds, nanoseconds) ?? '';
    return `${prefix}{${this.#fields(seconds, nanoseconds)}`;
  }

  /**
   * What follows the last field of a record that has none of the fields that are set: these, each with a
   * comma before it; without the brace and the newline, and without {@link Line.changing}.
   */
  tail(entry: EntryCursor): string {
    const set = this.#set;
    if (set === undefined) return '';
    const { names, bytes, changing } = set;
    if (changing !== undefined) {
      const pairs = Buffer.concat([changing.before, changing.name, Buffer.of(0xc0)]);
      return `,${writer.fieldsText(pairs, names.length).slice(0, -'null'.length)}`;
    }
    const pairs = typeof bytes === 'function' ? bytes(entry) : bytes;
    return `,${writer.fieldsText(pairs, names.length)}`;
  }

  /** Gives the value as JSON that follows {@link Line.tail}, which then is the same for all entries. */
  get changing(): ((entry: EntryCursor) => string) | undefined {
    return this.#set?.changing?.json;
  }

  /** Writes one entry. @returns where it ends */
  write(entry: EntryCursor): number {
    if (this.#set !== undefined) {
      const { bytes, start, end } = entry;
      const alone = setFields(bytes.subarray(start, end), 1, this.#set);
      const changed = new EntryCursor(alone);
      changed.next();
      writer.readFrom(alone);
      this.#write(changed);
      return end;
    }
    return this.#write(entry);
  }

  #write(entry: EntryCursor): number {
    const { newline } = this;
    let fields = this.#fixedFields;
    if (this.timedHead) {
      const { seconds, nanoseconds } = entry;
      if (this.#prefix !== undefined) writer.writeText(this.#prefix(seconds, nanoseconds));
      fields = this.#fields(seconds, nanoseconds);
    }
    const end = writer.writeRecord(entry.bytes, entry.record, fields);
    writer.writeBytes(newline);
    return end;
  }

  #fields(seconds: number, nanoseconds: number): string {
    const fixed = this.#fixedFields;
    if (this.#timeField === '') return fixed;
    const time = new EventTime(seconds, nanoseconds).toString();
    return `${fixed}${fixed === '' ? '' : ','}${this.#timeField}"${time}"`;
  }
}
