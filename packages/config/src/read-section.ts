import { ConfigElement, SYSTEM_PARAMS, useDefault, type ConfigParam } from './config-element.js';
import { ConfigError, oneOrAll } from './config-error.js';
import { didYouMean } from './nearest.js';
import { namesOf, subsectionNames } from './param-names.js';
import type { ParamType, TypeMeta } from './param-type.js';
import { noteElement, noteSchema } from './read-by.js';
import type { ReadContext, SectionSchema } from './section-types.js';
import type { Location } from './source-text.js';

/** Old spellings that every section understands (and Fluentd, too). */
const COMPAT: Readonly<Partial<Record<string, string>>> = {
  type: '@type',
  id: '@id',
  log_level: '@log_level',
};

/**
 * Reads a section with all that it holds.
 *
 * @throws ConfigError - the one mistake, or {@link ConfigErrors} with all of them
 */
export function readSection(
  schema: SectionSchema,
  element: ConfigElement,
  context: ReadContext,
): object {
  const errors: ConfigError[] = [];
  const value = readInto(schema, element, context, errors);
  if (errors.length > 0) throw oneOrAll(errors);
  return value;
}

function readInto(
  schema: SectionSchema,
  element: ConfigElement,
  context: ReadContext,
  errors: ConfigError[],
): object {
  noteSchema(element, schema);
  const before = errors.length;
  const value: Record<string, unknown> = {};
  const known = new Set<string>();
  for (const [key, type] of Object.entries(schema.argument ?? {})) {
    value[key] = collect(errors, () => readArgument(element, key, type));
  }
  for (const [key, type] of Object.entries(schema.params ?? {})) {
    value[key] = collect(errors, () => readParam(element, key, type, known, context));
  }
  const unknown: Complain =
    schema.unknown === 'error'
      ? (location, text, name, hint) => errors.push(unknownError(location, text, name, hint))
      : (location, text, name, hint) => warnUnknown(context, location, text, name, hint);
  if (schema.rest) value.rest = readRest(element, schema.rest, known, errors);
  else findUnknownParams(element, known, context, unknown);
  readSubsections(schema, element, value, context, errors);
  findUnknownSections(schema, element, context, unknown);
  noteElement(value, element);
  // A check may count on every parameter's type.
  if (errors.length === before) {
    collect(errors, () =>
      schema.check?.(value, {
        element,
        log: context.log,
        error: (key, message, hint) => checkError(schema, element, key, message, hint),
      }),
    );
  }
  return value;
}

/** Keeps a mistake, so that reading goes on and finds the others. */
function collect<T>(errors: ConfigError[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    errors.push(error);
    return undefined;
  }
}

function readArgument(element: ConfigElement, key: string, type: ParamType<unknown>): unknown {
  const result = type.read(element.arg === '' ? undefined : element.arg);
  if (result.ok) return result.value;
  const meta = type.meta;
  const values = meta.values ? `: ${meta.values.join(', ')}` : '';
  if (element.arg === '') {
    throw element.error(`<${element.name}> requires an argument${values}`, {
      code: 'ERR_SLUICE_CONFIG_REQUIRED',
      hint: `write <${element.name} ${meta.values?.[0] ?? key}>`,
    });
  }
  const { message, hint } = result;
  throw element.error(`argument of <${element.name}>: ${message}, got ${quote(element.arg)}`, {
    arg: true,
    hint,
  });
}

function readParam(
  element: ConfigElement,
  key: string,
  type: ParamType<unknown>,
  known: Set<string>,
  context: ReadContext,
): unknown {
  const meta = type.meta;
  const names = namesOf(key, meta);
  for (const name of names) known.add(name);
  const present = names.filter((name) => element.params.has(name));
  const param = element.params.get(present[0] ?? '');
  if (param) {
    if (meta.obsoleted !== undefined) {
      throw element.error(`${param.name} no longer exists: ${meta.obsoleted}`, {
        code: 'ERR_SLUICE_CONFIG_OBSOLETE',
        param: param.name,
        hint: 'remove it',
      });
    }
    if (meta.deprecated !== undefined) {
      warn(context, param, `${param.name} is deprecated: ${meta.deprecated}`);
    }
    if (present.length > 1) {
      warn(context, param, `${present.slice(1).join(', ')} is ignored beside ${param.name}`);
    }
  }
  return convert(element, param, names[0], type, meta);
}

function convert(
  element: ConfigElement,
  param: ConfigParam | undefined,
  name: string,
  type: ParamType<unknown>,
  meta: TypeMeta,
): unknown {
  if (param?.value === null) {
    const asNull = type.read(null);
    if (asNull.ok) return asNull.value;
    // An optional parameter without a value is undefined; nil says just that.
    const absent = type.read(undefined);
    if (absent.ok && absent.value === undefined) return undefined;
    throw element.error(`${name} cannot be nil`, {
      param: name,
      hint: absent.ok ? 'use "#{use_default}" for its default' : `give ${name} a value`,
    });
  }
  const input = typeof param?.value === 'string' ? param.value : undefined;
  const result = type.read(input);
  if (result.ok) return result.value;
  // Fluentd's documents write nil for a number that is not set.
  if (param?.form !== 'double' && param?.form !== 'single' && input?.trim() === 'nil') {
    return convert(element, { ...param!, value: null }, name, type, meta);
  }
  if (input === undefined) {
    throw element.error(
      param?.value === useDefault
        ? `${name} has no default, it is required in ${element.tag}`
        : `${name} is required in ${element.tag}`,
      {
        code: 'ERR_SLUICE_CONFIG_REQUIRED',
        ...(param && { param: param.name }),
        hint: requiredHint(name, meta),
      },
    );
  }
  const { message, hint } = result;
  const secret = meta.secret === true;
  throw element.error(`${param!.name}: ${message}${secret ? '' : `, got ${quote(input)}`}`, {
    param: param!.name,
    hint,
    secret,
  });
}

function requiredHint(name: string, meta: TypeMeta): string {
  const what = meta.values ? `one of ${meta.values.join(', ')}` : meta.type;
  return `add a line "${name} <${what}>"${meta.description ? `: ${meta.description}` : ''}`;
}

function readRest(
  element: ConfigElement,
  type: ParamType<unknown>,
  known: ReadonlySet<string>,
  errors: ConfigError[],
): Record<string, unknown> {
  // No prototype, because the names are anybody's.
  const rest = Object.create(null) as Record<string, unknown>;
  for (const [name, param] of element.params) {
    if (known.has(name) || SYSTEM_PARAMS.includes(name) || param.value === useDefault) continue;
    rest[name] = collect(errors, () => convert(element, param, name, type, type.meta));
  }
  return rest;
}

/** Reports an unknown parameter or section. */
type Complain = (
  location: Location,
  text: string,
  name: { parameter: string } | { section: string },
  hint: string | undefined,
) => void;

function warnUnknown(
  context: ReadContext,
  { file, line }: Location,
  text: string,
  name: { parameter: string } | { section: string },
  hint: string | undefined,
): void {
  const more = hint === undefined ? '' : `; ${hint}`;
  context.log?.warn({ file, line, ...name }, `${file}:${line}: ${text} is not used${more}`);
}

function unknownError(
  location: Location,
  text: string,
  name: { parameter: string } | { section: string },
  hint: string | undefined,
): ConfigError {
  return new ConfigError(text, {
    code: 'ERR_SLUICE_CONFIG_UNKNOWN',
    location,
    parameter: 'parameter' in name ? name.parameter : undefined,
    hint: hint ?? 'remove it',
  });
}

function findUnknownParams(
  element: ConfigElement,
  known: ReadonlySet<string>,
  context: ReadContext,
  complain: Complain,
): void {
  for (const [name, param] of element.params) {
    if (known.has(name) || SYSTEM_PARAMS.includes(name)) continue;
    if (context.ignoreParams?.includes(name)) continue;
    const proper = COMPAT[name];
    if (proper !== undefined && !element.params.has(proper)) {
      warn(context, param, `${name} is deprecated; write ${proper}`);
      continue;
    }
    const near = didYouMean(name, [...known, ...SYSTEM_PARAMS]);
    const text = `unknown parameter ${name} in ${element.tag}`;
    complain(withoutValue(param), text, { parameter: name }, near);
  }
}

/** Where a name is. The value may be a secret whose name is spelled wrong: it is not shown. */
function withoutValue({ location, valueLocation, form }: ConfigParam): Location {
  if (form === 'yaml' || valueLocation.line !== location.line) return location;
  const { file, line, column } = location;
  const characters = Array.from(location.lineText).slice(0, valueLocation.column - 1);
  return { file, line, column, lineText: characters.join('').trimEnd() };
}

function readSubsections(
  schema: SectionSchema,
  element: ConfigElement,
  value: Record<string, unknown>,
  context: ReadContext,
  errors: ConfigError[],
): void {
  for (const [key, subsection] of Object.entries(schema.sections ?? {})) {
    const names = subsectionNames(subsection);
    const found = element.children(...names);
    if (found.length > 1 && subsection.multiple !== true) {
      const { line } = found[0].location;
      errors.push(
        found[1].error(`duplicate <${names[0]}> in ${element.tag}, the first is in line ${line}`, {
          code: 'ERR_SLUICE_CONFIG_SECTION',
          hint: 'join the two, or remove one',
        }),
      );
      found.length = 1;
    }
    if (found.length === 0 && subsection.required === true) {
      errors.push(
        element.error(`${element.tag} requires a section <${names[0]}>`, {
          code: 'ERR_SLUICE_CONFIG_REQUIRED',
          hint: `add <${names[0]}> … </${names[0]}> inside it`,
        }),
      );
    }
    if (found.length === 0 && 'section' in subsection && subsection.init === true) {
      found.push(new ConfigElement({ name: names[0], location: element.location }));
    }
    const read = found.map((inner) =>
      'section' in subsection
        ? readInto(subsection.section.schema, inner, { log: context.log }, errors)
        : inner,
    );
    value[key] = subsection.multiple === true ? read : read[0];
  }
}

function findUnknownSections(
  schema: SectionSchema,
  element: ConfigElement,
  context: ReadContext,
  complain: Complain,
): void {
  const known = new Set<string>(context.ignoreSections);
  for (const subsection of Object.values(schema.sections ?? {})) {
    for (const name of subsectionNames(subsection)) known.add(name);
  }
  for (const inner of element.elements) {
    if (known.has(inner.name)) continue;
    const near = didYouMean(inner.name, known);
    const text = `unknown section ${inner.tag} in ${element.tag}`;
    complain(inner.location, text, { section: inner.name }, near);
  }
}

function checkError(
  schema: SectionSchema,
  element: ConfigElement,
  key: string | undefined,
  message: string,
  hint: string | undefined,
): ConfigError {
  if (key === undefined) return element.error(message, { hint });
  if (schema.argument && key in schema.argument) return element.error(message, { arg: true, hint });
  const type = schema.params?.[key];
  if (type === undefined) return element.error(message, { hint });
  const meta = type.meta;
  const names = namesOf(key, meta);
  const param = names.find((name) => element.params.has(name)) ?? names[0];
  return element.error(message, { param, hint, secret: meta.secret === true });
}

function warn(context: ReadContext, param: ConfigParam, text: string): void {
  const { file, line } = param.location;
  context.log?.warn({ file, line, parameter: param.name }, `${file}:${line}: ${text}`);
}

function quote(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return JSON.stringify(short);
}
