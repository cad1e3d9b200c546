import { isDeepStrictEqual } from 'node:util';
import { parseConfig } from './load-config.js';
import { quoteValue } from './quote.js';
import { namesOf } from './param-names.js';
import type { ParamType } from './param-type.js';
import type { Section, SectionSchema } from './section-types.js';

/** The value of an absent parameter; undefined where it is required or has no default. */
export function defaultOf(type: ParamType<unknown>): unknown {
  const result = type.read(undefined);
  return result.ok ? result.value : undefined;
}

/**
 * The text that a file would have for a value of a parameter: `0644`, `256m`, `60s`. Undefined
 * where no text is read as this value.
 */
export function textOf(type: ParamType<unknown>, value: unknown): string | undefined {
  // A default in front of a transformation is the text itself.
  for (const text of [type.meta.write?.(value), type.meta.textDefault, json(value)]) {
    if (typeof text !== 'string') continue;
    const read = type.read(text);
    if (read.ok && isDeepStrictEqual(read.value, value)) return text;
  }
  return undefined;
}

/** The text of a value as it may stand behind the parameter's name, with quotes where needed. */
export function writtenText(text: string): string {
  return /^[[{]/.test(text) && isJson(text) ? text.replaceAll('#{', '\\u0023{') : quoteValue(text);
}

/**
 * The parameters whose default cannot be written in a file: what a dump prints for them would not
 * be read back as the same value. For tests of a plugin's section; each should have none.
 *
 * @returns paths such as `transport/linger_timeout`
 */
export function unreadableDefaults(section: Section<unknown>): string[] {
  return unreadable(section.schema, '');
}

function unreadable(schema: SectionSchema, path: string): string[] {
  const wrong: string[] = [];
  for (const [key, type] of Object.entries(schema.params ?? {})) {
    const value = defaultOf(type);
    if (value === undefined || value === null) continue;
    const [name] = namesOf(key, type.meta);
    const text = textOf(type, value);
    const back = text === undefined ? undefined : throughFile(name, text);
    if (text === undefined || back !== text) wrong.push(path + name);
  }
  for (const inner of Object.values(schema.sections ?? {})) {
    if (!('section' in inner)) continue;
    wrong.push(...unreadable(inner.section.schema, `${path}${inner.section.name}/`));
  }
  return wrong;
}

/** What the parser reads of a line that a dump prints. */
function throughFile(name: string, text: string): string | undefined {
  const root = parseConfig(`<section>\n${name} ${writtenText(text)}\n</section>\n`);
  return root.elements[0].get(name);
}

function json(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined; // a cycle, or a bigint
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
