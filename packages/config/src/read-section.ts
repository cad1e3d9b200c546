import type { z } from 'zod';
import { ConfigElement, SYSTEM_PARAMS, useDefault, type ConfigParam } from './config-element.js';
import type { ConfigError } from './config-error.js';
import { didYouMean } from './nearest.js';
import { snakeCase } from './names.js';
import { metaOf, type ParamMeta } from './param-meta.js';
import type { RawSubsection, ReadContext, SectionSchema, Subsection } from './section.js';

/** The definitions by which a section was read, so that dumps know its secrets and defaults. */
const readBy = new WeakMap<ConfigElement, SectionSchema[]>();
/** The section that a value was read from. */
const elements = new WeakMap<object, ConfigElement>();

/** The definitions by which a section was read. */
export function schemasOf(element: ConfigElement): readonly SectionSchema[] {
  return readBy.get(element) ?? [];
}

/**
 * The section that a value of `section.read` was read from, for errors that are found later; of
 * nested sections' values too.
 */
export function elementOf(value: object): ConfigElement | undefined {
  return elements.get(value);
}

/** Old spellings that every section understands (and Fluentd, too). */
const COMPAT: Readonly<Partial<Record<string, string>>> = {
  type: '@type',
  id: '@id',
  log_level: '@log_level',
};

export function readSection(
  schema: SectionSchema,
  element: ConfigElement,
  context: ReadContext,
): object {
  readBy.set(element, [...schemasOf(element), schema]);
  const value: Record<string, unknown> = {};
  const known = new Set<string>();
  for (const [key, type] of Object.entries(schema.argument ?? {})) {
    value[key] = readArgument(element, key, type);
  }
  for (const [key, type] of Object.entries(schema.params ?? {})) {
    value[key] = readParam(element, key, type, known, context);
  }
  if (schema.rest) value.rest = readRest(element, schema.rest, known);
  else warnUnknownParams(element, known, context);
  readSubsections(schema, element, value, context);
  elements.set(value, element);
  schema.check?.(value, {
    element,
    log: context.log,
    error: (key, message, hint) => checkError(schema, element, key, message, hint),
  });
  return value;
}

/** The names that a parameter may have in the file, the proper one first. */
export function namesOf(key: string, meta: ParamMeta): string[] {
  const alias = meta.alias === undefined ? [] : [meta.alias].flat();
  return [meta.name ?? snakeCase(key), ...alias];
}

function readArgument(element: ConfigElement, key: string, type: z.ZodType): unknown {
  const result = type.safeParse(element.arg === '' ? undefined : element.arg);
  if (result.success) return result.data;
  const meta = metaOf(type);
  const values = meta.values ? `: ${meta.values.join(', ')}` : '';
  if (element.arg === '') {
    throw element.error(`<${element.name}> requires an argument${values}`, {
      code: 'ERR_SLUICE_CONFIG_REQUIRED',
      hint: `write <${element.name} ${meta.values?.[0] ?? key}>`,
    });
  }
  const { message, hint } = firstIssue(result.error);
  throw element.error(`argument of <${element.name}>: ${message}, got ${quote(element.arg)}`, {
    arg: true,
    hint,
  });
}

function readParam(
  element: ConfigElement,
  key: string,
  type: z.ZodType,
  known: Set<string>,
  context: ReadContext,
): unknown {
  const meta = metaOf(type);
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
  type: z.ZodType,
  meta: ReturnType<typeof metaOf>,
): unknown {
  if (param?.value === null) {
    const asNull = type.safeParse(null);
    if (asNull.success) return asNull.data;
    // An optional parameter without a value is undefined; nil says just that.
    const absent = type.safeParse(undefined);
    if (absent.success && absent.data === undefined) return undefined;
    throw element.error(`${name} cannot be nil`, {
      param: name,
      hint: absent.success ? 'use "#{use_default}" for its default' : `give ${name} a value`,
    });
  }
  const input = typeof param?.value === 'string' ? param.value : undefined;
  const result = type.safeParse(input);
  if (result.success) return result.data;
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
  const { message, hint } = firstIssue(result.error);
  const secret = meta.secret === true;
  throw element.error(`${param!.name}: ${message}${secret ? '' : `, got ${quote(input)}`}`, {
    param: param!.name,
    hint,
    secret,
  });
}

function requiredHint(name: string, meta: ReturnType<typeof metaOf>): string {
  const what = meta.values ? `one of ${meta.values.join(', ')}` : (meta.type ?? 'value');
  return `add a line "${name} <${what}>"${meta.description ? `: ${meta.description}` : ''}`;
}

function readRest(
  element: ConfigElement,
  type: z.ZodType,
  known: ReadonlySet<string>,
): Record<string, unknown> {
  // No prototype, because the names are anybody's.
  const rest = Object.create(null) as Record<string, unknown>;
  for (const [name, param] of element.params) {
    if (known.has(name) || SYSTEM_PARAMS.includes(name) || param.value === useDefault) continue;
    rest[name] = convert(element, param, name, type, metaOf(type));
  }
  return rest;
}

function warnUnknownParams(
  element: ConfigElement,
  known: ReadonlySet<string>,
  context: ReadContext,
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
    const text = `unknown parameter ${name} in ${element.tag} is not used`;
    warn(context, param, near === undefined ? text : `${text}; ${near}`);
  }
}

function readSubsections(
  schema: SectionSchema,
  element: ConfigElement,
  value: Record<string, unknown>,
  context: ReadContext,
): void {
  const known = new Set<string>(context.ignoreSections);
  for (const [key, subsection] of Object.entries(schema.sections ?? {})) {
    const names = subsectionNames(subsection);
    for (const name of names) known.add(name);
    const found = element.children(...names);
    if (found.length > 1 && subsection.multiple !== true) {
      throw found[1].error(
        `<${names[0]}> may be written once in ${element.tag}, and is there already in line ${found[0].location.line}`,
        { code: 'ERR_SLUICE_CONFIG_SECTION', hint: 'join the two, or remove one' },
      );
    }
    if (found.length === 0 && subsection.required === true) {
      throw element.error(`${element.tag} requires a section <${names[0]}>`, {
        code: 'ERR_SLUICE_CONFIG_REQUIRED',
        hint: `add <${names[0]}> … </${names[0]}> inside it`,
      });
    }
    if (found.length === 0 && 'section' in subsection && subsection.init === true) {
      found.push(new ConfigElement({ name: names[0], location: element.location }));
    }
    const read = found.map((inner) =>
      'section' in subsection
        ? readSection(subsection.section.schema, inner, { log: context.log })
        : inner,
    );
    value[key] = subsection.multiple === true ? read : read[0];
  }
  for (const inner of element.elements) {
    if (known.has(inner.name)) continue;
    const near = didYouMean(inner.name, known);
    const { file, line } = inner.location;
    context.log?.warn(
      { file, line, section: inner.name },
      `${file}:${line}: unknown section ${inner.tag} in ${element.tag} is not used` +
        (near === undefined ? '' : `; ${near}`),
    );
  }
}

export function subsectionNames(subsection: Subsection | RawSubsection): string[] {
  if ('raw' in subsection) return [subsection.raw];
  const { section, alias } = subsection;
  return alias === undefined ? [section.name] : [section.name, alias];
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
  const meta = metaOf(type);
  const names = namesOf(key, meta);
  const param = names.find((name) => element.params.has(name)) ?? names[0];
  return element.error(message, { param, hint, secret: meta.secret === true });
}

function warn(context: ReadContext, param: ConfigParam, text: string): void {
  const { file, line } = param.location;
  context.log?.warn({ file, line, parameter: param.name }, `${file}:${line}: ${text}`);
}

/** zod's first complaint, and the hint that the parameter types of this package give with it. */
function firstIssue(error: z.ZodError): { message: string; hint: string | undefined } {
  const issue = error.issues[0];
  const hint: unknown = issue.code === 'custom' ? issue.params?.hint : undefined;
  return { message: issue.message, hint: typeof hint === 'string' ? hint : undefined };
}

function quote(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return JSON.stringify(short);
}
