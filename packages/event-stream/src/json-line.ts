import { EventTime } from './event-time.js';
import * as writer from './json-writer.js';
import type { EntryCursor } from './packed/entry-cursor.js';

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

  constructor({ prefix, timeKey, tagKey, tag, newline }: JsonLinesOptions) {
    this.newline = Buffer.from(newline ?? '\n');
    this.#prefix = prefix;
    this.#timeField = timeKey === undefined ? '' : `${JSON.stringify(timeKey)}:`;
    this.#fixedFields =
      tagKey === undefined || tag === undefined
        ? ''
        : `${JSON.stringify(tagKey)}:${JSON.stringify(tag)}`;
  }

  /** Whether the text before the record depends on its time. */
  get timed(): boolean {
    return this.#prefix !== undefined || this.#timeField !== '';
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

  /** Writes one entry. @returns where it ends */
  write(entry: EntryCursor): number {
    const { timed, newline } = this;
    let fields = this.#fixedFields;
    if (timed) {
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
