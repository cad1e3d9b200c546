import { useDefault, type ConfigElement, type ConfigParam } from './config-element.js';
import { defaultOf, textOf, writtenText } from './default-text.js';
import { namesOf } from './param-names.js';
import { doubleQuoted, quoteValue } from './quote.js';
import { schemasOf } from './read-by.js';
import { holdsSecret, isSecretName } from './secret-names.js';

/** How to print a configuration. */
export interface DumpOptions {
  /** Print secrets instead of `xxxxxx`. Default: false. */
  readonly showSecrets?: boolean;
  /**
   * Add the defaults of parameters that are not set, as comments; of sections that were read.
   * Default: false.
   */
  readonly defaults?: boolean;
}

const MASK = 'xxxxxx';

/**
 * Prints a configuration as it is in effect: what was included is in its place and embedded code is
 * evaluated. Secrets are masked. Without the mask the text parses to the same tree again.
 *
 * @param element - the root, which is printed without a tag of its own, or any section
 */
export function dumpConfig(element: ConfigElement, options: DumpOptions = {}): string {
  const lines: string[] = [];
  if (element.name === 'ROOT') dumpBody(element, '', lines, options);
  else dumpElement(element, '', lines, options);
  return lines.map((line) => `${line}\n`).join('');
}

/**
 * The parameters of a section by their names, as text; secrets are `xxxxxx`, as in every dump.
 * What is nil or a default, and the sections inside, are left out.
 */
export function maskedParams(element: ConfigElement): Record<string, string> {
  const masked: [string, string][] = [];
  for (const param of element.params.values()) {
    if (typeof param.value !== 'string') continue;
    masked.push([param.name, isSecret(element, param) ? MASK : param.value]);
  }
  return Object.fromEntries(masked);
}

function dumpElement(
  element: ConfigElement,
  indent: string,
  lines: string[],
  options: DumpOptions,
): void {
  const arg = element.arg === '' ? '' : ` ${dumpArgument(element.arg)}`;
  lines.push(`${indent}<${element.name}${arg}>`);
  dumpBody(element, `${indent}  `, lines, options);
  lines.push(`${indent}</${element.name}>`);
}

function dumpBody(
  element: ConfigElement,
  indent: string,
  lines: string[],
  options: DumpOptions,
): void {
  for (const param of element.params.values()) {
    const masked = options.showSecrets !== true && isSecret(element, param);
    const value = masked ? MASK : dumpValue(param);
    lines.push(`${indent}${dumpName(param.name)} ${value}`);
  }
  if (options.defaults === true) lines.push(...defaultLines(element, indent));
  for (const inner of element.elements) dumpElement(inner, indent, lines, options);
}

/** Whether a parameter's value is masked: by the definition that read it, or else by its name. */
export function isSecret(element: ConfigElement, param: ConfigParam): boolean {
  // What is empty or nil gives nothing away, and to see it helps to find a mistake.
  if (typeof param.value !== 'string' || param.value === '') return false;
  if (holdsSecret(param.name, param.value)) return true;
  for (const schema of schemasOf(element)) {
    for (const [key, type] of Object.entries(schema.params ?? {})) {
      const meta = type.meta;
      if (namesOf(key, meta).includes(param.name)) return meta.secret === true;
    }
    if (schema.rest?.meta.secret === true) return true;
  }
  return isSecretName(param.name);
}

function defaultLines(element: ConfigElement, indent: string): string[] {
  const lines: string[] = [];
  const seen = new Set<string>(element.params.keys());
  for (const schema of schemasOf(element)) {
    for (const [key, type] of Object.entries(schema.params ?? {})) {
      const meta = type.meta;
      const names = namesOf(key, meta);
      if (meta.obsoleted !== undefined || meta.deprecated !== undefined) continue;
      if (names.some((name) => seen.has(name))) continue;
      seen.add(names[0]);
      const value = defaultOf(type);
      if (value === undefined || value === null) continue;
      const secret = meta.secret === true && value !== '';
      const text = secret ? MASK : textOf(type, value);
      if (text !== undefined) lines.push(`${indent}# ${dumpName(names[0])} ${writtenText(text)}`);
    }
  }
  return lines;
}

function dumpValue({ value, form }: ConfigParam): string {
  if (value === null) return '"#{use_nil}"';
  if (value === useDefault) return '"#{use_default}"';
  // In JSON, only this escape says that #{ in a string is not code.
  if (form === 'json') return value.replaceAll('#{', '\\u0023{');
  return quoteValue(value);
}

function dumpName(name: string): string {
  return name === 'include' || /^["'<#]|[ \t\r\n]/.test(name) ? doubleQuoted(name) : name;
}

function dumpArgument(arg: string): string {
  return /^["'# \t]|[ \t\f\v]$|[>\r\n]|^\s|\s$/.test(arg) ? doubleQuoted(arg) : arg;
}
