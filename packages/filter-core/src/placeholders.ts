import {
  descend,
  findFields,
  packField,
  skipValue,
  type PackedField,
} from '@sluice/event-stream/packed';
import { packValue, textOf, timeText, type Value } from '@sluice/formats/ruby';
import type { EventContext } from './event-context.js';

/** A part of a text that stands for a value. */
interface Placeholder {
  /** As it is written: `${record["key"]}`. */
  readonly source: string;
  /** Whether it is the same for all events of a tag. */
  readonly ofTag: boolean;
  /** Where its value lies in a record, if it is a field. */
  readonly field?: PackedField;
  /** undefined where there is none. */
  value(event: EventContext): Value | undefined;
}

/** A placeholder that is not understood; `source` is how it is written. */
export class PlaceholderError extends Error {
  readonly code = 'ERR_SLUICE_PLACEHOLDER';
  readonly hint =
    'supported: ${tag}, ${tag_parts[n]}, ${tag_prefix[n]}, ${tag_suffix[n]}, ${hostname}, ${time}, ' +
    '${record["key"]}, ${record["key"]["inner"]}, ${record.dig("key", "inner")}; for other Ruby add enable_ruby true';

  constructor(readonly source: string) {
    super(`the placeholder ${source} is not supported`);
    this.name = 'PlaceholderError';
  }
}

const text = String.raw`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'`;
const step = new RegExp(String.raw`\[(?:(${text})|(-?\d+))\]`, 'y');
const digStep = new RegExp(String.raw`\s*(?:(${text})|(-?\d+))\s*(,|\))`, 'y');
// A } inside of quotes is part of the placeholder.
const anyPlaceholder = new RegExp(String.raw`\$\{(?:${text}|[^}"'])*\}`, 'g');

function unquote(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(.)/gs, '$1');
}

/** `["a"][0]` or `dig("a", 0)` as a path; undefined where it is something else. */
function recordPath(code: string): (string | number)[] | undefined {
  const dig = code.startsWith('record.dig(');
  const pattern = dig ? digStep : step;
  const path: (string | number)[] = [];
  let at = dig ? 'record.dig('.length : 'record'.length;
  for (;;) {
    pattern.lastIndex = at;
    const match = pattern.exec(code) as (string | undefined)[] | null;
    if (match === null) return undefined;
    path.push(match[1] === undefined ? Number(match[2]) : unquote(match[1]));
    at = pattern.lastIndex;
    if (at === code.length) return dig && match[3] !== ')' ? undefined : path;
    if (match[3] === ')') return undefined;
  }
}

const tagLists: Readonly<Partial<Record<string, 'parts' | 'prefix' | 'suffix'>>> = {
  tag_parts: 'parts',
  tag_prefix: 'prefix',
  tag_suffix: 'suffix',
};

function parsePlaceholder(source: string): Placeholder {
  const code = source.slice(2, -1).trim();
  if (code === 'tag' || code === 'hostname') {
    return { source, ofTag: true, value: ({ named }) => named(code) };
  }
  if (code === 'time') return { source, ofTag: false, value: ({ time }) => timeText(time) };
  const [, list = '', index] = /^(\w+)\[(-?\d+)\]$/.exec(code) ?? [];
  const parts = tagLists[list];
  if (parts !== undefined) {
    return { source, ofTag: true, value: ({ tags }) => tags[parts].at(Number(index)) };
  }
  const path = code.startsWith('record') ? recordPath(code) : undefined;
  if (path === undefined) throw new PlaceholderError(source);
  return {
    source,
    ofTag: false,
    field: packField(path),
    value: ({ record }) => valueAt(record, path),
  };
}

function valueAt(record: Value, path: readonly (string | number)[]): Value | undefined {
  let value: Value | undefined = record;
  for (const step of path) {
    if (typeof step === 'number') value = Array.isArray(value) ? value.at(step) : undefined;
    else value = value instanceof Map ? value.get(step) : undefined;
  }
  return value;
}

/** Told of a placeholder that had no value, such as a field that the record lacks. */
export type OnMissing = (source: string) => void;

/** A text with placeholders. */
export class Template {
  readonly #parts: (string | Placeholder)[] = [];

  /** @throws PlaceholderError */
  constructor(source: string) {
    let at = 0;
    for (const match of source.matchAll(anyPlaceholder)) {
      if (match.index > at) this.#parts.push(source.slice(at, match.index));
      this.#parts.push(parsePlaceholder(match[0]));
      at = match.index + match[0].length;
    }
    if (at < source.length || at === 0) this.#parts.push(source.slice(at));
  }

  /** Whether its value is the same for all events of a tag. */
  get ofTag(): boolean {
    return this.#parts.every((part) => typeof part === 'string' || part.ofTag);
  }

  /** The one placeholder that is the whole text keeps the type of its value; nil where it has none. */
  pack(event: EventContext, onMissing: OnMissing): Buffer {
    const [only] = this.#parts;
    if (this.#parts.length > 1 || typeof only === 'string') {
      return packValue(this.text(event, onMissing));
    }
    const { field } = only;
    const { entry } = event;
    if (field !== undefined && entry !== undefined) {
      // A field's bytes are taken as they are.
      const { bytes, record } = entry;
      const found = [-1];
      findFields(bytes, record, [field.path[0] as Buffer], found);
      const at = found[0] < 0 ? -1 : descend(bytes, found[0], field.path, 1);
      if (at >= 0) return bytes.subarray(at, skipValue(bytes, at, bytes.length));
    }
    const value = only.value(event);
    if (value === undefined) onMissing(only.source);
    return packValue(value ?? null);
  }

  /** Its text, with nothing for what has no value. */
  text(event: EventContext, onMissing: OnMissing): string {
    let result = '';
    for (const part of this.#parts) {
      if (typeof part === 'string') {
        result += part;
        continue;
      }
      const value = part.value(event);
      if (value === undefined) onMissing(part.source);
      else result += textOf(value, timeText);
    }
    return result;
  }
}
