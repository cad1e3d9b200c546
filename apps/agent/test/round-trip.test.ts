import { bufferSection } from '@sluice/buffer';
import {
  describeSection,
  dumpConfig,
  parseConfig,
  type ParamDescription,
  type Section,
  type SectionDescription,
} from '@sluice/config';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadPlugins } from '../src/load-plugins.js';
import { systemSection } from '../src/processes/system-section.js';

const plugins = (await loadPlugins({})).all();
const sections: [string, Section<unknown>][] = [
  ...plugins.map(({ definition: { kind, type, section } }): [string, Section<unknown>] => [
    `${kind} ${type}`,
    section,
  ]),
  ['<system>', systemSection],
  ['<buffer>', bufferSection],
];

const text = fc.string({ unit: fc.constantFrom(...'ab1 #"\'\\{}[]<>$,:/=.%\t\n'.split('')) });

/** What a file may have behind the name; most of it is right for the type. */
function written({ type, values }: ParamDescription): fc.Arbitrary<string> {
  if (values !== undefined) return fc.constantFrom(...values);
  const kinds: Record<string, fc.Arbitrary<string>> = {
    bool: fc.constantFrom('true', 'false', 'yes', 'no'),
    integer: fc.nat(99_999).map(String),
    float: fc.double({ min: 0, max: 1, noNaN: true }).map(String),
    size: fc.nat(999).map((n) => `${n}m`),
    time: fc.nat(999).map((n) => `${n}h`),
    array: fc.array(text).map(json),
    hash: fc.dictionary(text, text).map(json),
  };
  return kinds[type] ?? text.map(quoted);
}

const json = (value: unknown): string => JSON.stringify(value).replaceAll('#{', '\\u0023{');

/** In double quotes, in which everything can be written. */
function quoted(value: string): string {
  if (/^[\w.]+$/.test(value)) return value;
  return JSON.stringify(value).replaceAll('#{', '\\#{');
}

/** The lines of a section with some of its parameters, and with some of those inside it. */
function linesOf(section: SectionDescription): fc.Arbitrary<string[]> {
  const params = section.params.map((param) =>
    fc.option(
      written(param).map((value) => [`${param.name} ${value}`]),
      { nil: [], freq: param.required ? 9 : 1 },
    ),
  );
  const inner = section.sections.map((one) =>
    fc.option(
      linesOf(one).map((lines) => [`<${one.name}>`, ...lines, `</${one.name}>`]),
      { nil: [], freq: one.required ? 9 : 1 },
    ),
  );
  return fc.tuple(...params, ...inner).map((parts) => parts.flat());
}

const paramsOf = (element: ReturnType<typeof parseConfig>): unknown => [
  element.name,
  element.arg,
  [...element.params.values()].map(({ name, value }) => [name, value]),
  element.elements.map(paramsOf),
];

/** Whether a section with these values is right; if so, a dump knows its defaults. */
function accepts(section: Section<unknown>, element: ReturnType<typeof parseConfig>): boolean {
  try {
    section.read(element);
    return true;
  } catch {
    return false;
  }
}

test.each(sections)('%s is printed as it can be read back', (_name, section) => {
  const { name } = section;
  fc.assert(
    fc.property(linesOf(describeSection(section)), (lines) => {
      const [element] = parseConfig(`<${name}>\n${lines.join('\n')}\n</${name}>\n`).elements;
      const fine = accepts(section, element);
      const printed = dumpConfig(element, { showSecrets: true, defaults: true });
      const [again] = parseConfig(printed).elements;
      expect(paramsOf(again)).toEqual(paramsOf(element));
      expect(accepts(section, again)).toBe(fine);
      expect(dumpConfig(again, { showSecrets: true, defaults: true })).toBe(printed);
      // The defaults, without the sign of a comment, are read too.
      const [explicit] = parseConfig(printed.replace(/^( *)# /gm, '$1')).elements;
      expect(accepts(section, explicit)).toBe(fine);
    }),
    { numRuns: 30 },
  );
});
