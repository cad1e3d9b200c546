import { defaultOf, textOf } from './default-text.js';
import { namesOf, subsectionNames } from './param-names.js';
import type { ParamType } from './param-type.js';
import type { Section, SectionSchema } from './section-types.js';

/** What is to be known of a parameter. */
export interface ParamDescription {
  /** Its name in the file. */
  readonly name: string;
  /** Fluentd's name for its type: `string`, `integer`, `float`, `bool`, `size`, `time`, … */
  readonly type: string;
  /** The words that an enum allows. */
  readonly values?: readonly string[];
  /** A section without it is an error. */
  readonly required: boolean;
  /** The default; undefined where there is none. */
  readonly default?: unknown;
  /** The default as a file would have it: `0644`, `256m`, `60s`. */
  readonly defaultText?: string;
  /** What it does, as a sentence for people. */
  readonly description?: string;
  /** Its value is masked wherever a configuration is shown. */
  readonly secret: boolean;
  /** Its other names. */
  readonly aliases: readonly string[];
  /** It still works; what to use in its place. */
  readonly deprecated?: string;
  /** It no longer works; what to do in its place. */
  readonly obsoleted?: string;
}

/** What is to be known of a section. */
export interface SectionDescription {
  /** As in the file: `transport`. */
  readonly name: string;
  /** What it is for, as a sentence or two for people. */
  readonly description?: string;
  /** The argument, where the section has one. */
  readonly argument?: ParamDescription;
  /** In the order of the definition. */
  readonly params: readonly ParamDescription[];
  /** It takes parameters of any other name, of this type. */
  readonly rest?: ParamDescription;
  /** Those that may stand inside. */
  readonly sections: readonly SubsectionDescription[];
}

/** A section inside a section. */
export interface SubsectionDescription extends SectionDescription {
  /** The section around it needs it. */
  readonly required: boolean;
  /** It may stand there several times. */
  readonly multiple: boolean;
  /** Its other names. */
  readonly aliases: readonly string[];
}

/** Describes a section: what `sluice plugin show` prints, as data. */
export function describeSection(section: Section<unknown>): SectionDescription {
  return describeSchema(section.schema);
}

function describeSchema(schema: SectionSchema): SectionDescription {
  const argument = Object.entries(schema.argument ?? {}).at(0);
  return {
    name: schema.name,
    ...(schema.description !== undefined && { description: schema.description }),
    ...(argument && { argument: describeParam(...argument) }),
    params: Object.entries(schema.params ?? {}).map((entry) => describeParam(...entry)),
    ...(schema.rest && { rest: describeParam('*', schema.rest) }),
    sections: Object.values(schema.sections ?? {}).map((subsection) => {
      const [name, ...aliases] = subsectionNames(subsection);
      const { required = false, multiple = false } = subsection;
      const inner =
        'section' in subsection
          ? describeSchema(subsection.section.schema)
          : {
              params: [],
              sections: [],
              ...(subsection.description !== undefined && { description: subsection.description }),
            };
      return { ...inner, name, required, multiple, aliases };
    }),
  };
}

function describeParam(key: string, type: ParamType<unknown>): ParamDescription {
  const meta = type.meta;
  const [name, ...aliases] = namesOf(key, meta);
  const value = defaultOf(type);
  const text = value === undefined || value === null ? undefined : textOf(type, value);
  return {
    name,
    type: meta.type,
    ...(meta.values && { values: meta.values }),
    required: !type.read(undefined).ok,
    ...(value !== undefined && { default: value }),
    ...(text !== undefined && { defaultText: text }),
    ...(meta.description !== undefined && { description: meta.description }),
    secret: meta.secret === true,
    aliases,
    ...(meta.deprecated !== undefined && { deprecated: meta.deprecated }),
    ...(meta.obsoleted !== undefined && { obsoleted: meta.obsoleted }),
  };
}

/** A default on one line, as one would write it in a file. */
function formatDefault({ default: value, defaultText }: ParamDescription): string {
  if (value === null) return 'nil';
  const text = defaultText ?? (value instanceof RegExp ? String(value) : JSON.stringify(value));
  return text === '' || (typeof value === 'string' && /\s/.test(text))
    ? JSON.stringify(text)
    : text;
}

/**
 * Prints a section's description for people: one parameter a line with its type, default and
 * description, the sections inside after them.
 */
export function formatSection(description: SectionDescription): string {
  const lines: string[] = [];
  formatInto(description, '', '', lines);
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function formatInto(
  description: SectionDescription,
  indent: string,
  occurrence: string,
  lines: string[],
): void {
  const { argument } = description;
  const tag = argument ? `<${description.name} ${argument.name}>` : `<${description.name}>`;
  lines.push(`${indent}${tag}${occurrence}`);
  const inner = `${indent}  `;
  if (description.description !== undefined) lines.push(`${inner}${description.description}`, '');
  if (argument) formatParam(argument, inner, lines);
  for (const param of description.params) formatParam(param, inner, lines);
  if (description.rest) formatParam(description.rest, inner, lines);
  for (const section of description.sections) {
    const words = [section.required ? 'required' : 'optional'];
    if (section.multiple) words.push('may be repeated');
    if (section.aliases.length > 0) words.push(`also <${section.aliases.join('>, <')}>`);
    formatInto(section, inner, `  (${words.join(', ')})`, lines);
  }
}

function formatParam(param: ParamDescription, indent: string, lines: string[]): void {
  const words = [param.values ? `${param.type}: ${param.values.join(', ')}` : param.type];
  if (param.required) words.push('required');
  else if (param.default !== undefined) words.push(`default: ${formatDefault(param)}`);
  if (param.secret) words.push('secret');
  if (param.aliases.length > 0) words.push(`also ${param.aliases.join(', ')}`);
  if (param.deprecated !== undefined) words.push(`deprecated: ${param.deprecated}`);
  if (param.obsoleted !== undefined) words.push(`removed: ${param.obsoleted}`);
  lines.push(`${indent}${param.name}  (${words.join('; ')})`);
  if (param.description !== undefined) lines.push(`${indent}    ${param.description}`);
}
