import type { ConfigElement } from './config-element.js';
import { ConfigError } from './config-error.js';
import { namesOf, subsectionNames } from './param-names.js';
import type { Section, SectionSchema } from './section-types.js';

/** A parameter that an option stands for. */
interface Place {
  readonly element: ConfigElement;
  /** As the file has it, or would have it. */
  readonly param: string;
  readonly secret: boolean;
}

/**
 * Turns the error of a library, which names an option as code does (`privateKeyPassphrase`), into
 * one that points into the file and names parameters as the file does (`private_key_passphrase`),
 * in its text too.
 *
 * @param error - with the field `option`: a key of the section or of a section inside, or a path
 *   such as `certificates[1].certPath`. An error without it points at the section; a
 *   {@link ConfigError} is returned as it is.
 * @param section - the definition that the element was read by
 * @param element - the section in the file
 */
export function errorInFile(
  error: unknown,
  section: Section<unknown>,
  element: ConfigElement,
): ConfigError {
  if (error instanceof ConfigError) return error;
  const { message } = error instanceof Error ? error : { message: String(error) };
  const { option } = error as { option?: unknown };
  const place = typeof option === 'string' ? placeOf(option, section, element) : undefined;
  const text = namesInFile(message, section);
  if (place === undefined) return element.error(text, { cause: error });
  const { param, secret } = place;
  return place.element.error(text, { param, secret, cause: error });
}

/** Without the names of groups that the file does not have: `tls.certPath` is `cert_path`. */
function placeOf(
  option: string,
  section: Section<unknown>,
  element: ConfigElement,
): Place | undefined {
  for (let path = option.split('.'); path.length > 0; path = path.slice(1)) {
    const place = find(section.schema, element, path);
    if (place !== undefined) return place;
  }
  return undefined;
}

function find(
  schema: SectionSchema,
  element: ConfigElement,
  path: readonly string[],
): Place | undefined {
  const [first, ...rest] = path;
  const bracket = first.indexOf('[');
  const key = bracket < 0 ? first : first.slice(0, bracket);
  const index = bracket < 0 ? 0 : Number.parseInt(first.slice(bracket + 1));
  const sections = Object.entries(schema.sections ?? {});
  const named = sections.find(([name]) => name === key)?.[1];
  if (rest.length > 0 && named !== undefined && 'section' in named) {
    const inner = element.children(...subsectionNames(named)).at(index);
    return inner && find(named.section.schema, inner, rest);
  }
  const type = rest.length === 0 ? schema.params?.[key] : undefined;
  if (type !== undefined) {
    const meta = type.meta;
    const names = namesOf(key, meta);
    const param = names.find((name) => element.params.has(name)) ?? names[0];
    return { element, param, secret: meta.secret === true };
  }
  for (const [, inner] of sections) {
    if (!('section' in inner)) continue;
    for (const child of element.children(...subsectionNames(inner))) {
      const place = find(inner.section.schema, child, path);
      if (place !== undefined) return place;
    }
  }
  return undefined;
}

/**
 * A text, such as a warning of a library, with the names that the file has for the options of a
 * section: `certPath` becomes `cert_path`.
 */
export function namesInFile(text: string, section: Section<unknown>): string {
  const names = new Map<string, string>();
  collectNames(section.schema, names);
  return text.replace(/[a-z]+(?:[A-Z][A-Za-z]*)+\b/g, (word) => names.get(word) ?? word);
}

function collectNames(schema: SectionSchema, names: Map<string, string>): void {
  for (const [key, type] of Object.entries(schema.params ?? {})) {
    if (!names.has(key)) names.set(key, namesOf(key, type.meta)[0]);
  }
  for (const inner of Object.values(schema.sections ?? {})) {
    if ('section' in inner) collectNames(inner.section.schema, names);
  }
}
