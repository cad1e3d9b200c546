/**
 * What the configuration reference and the schema for editors are made of: the sections of every
 * plugin that is shipped, as the agent itself describes them.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../workspace.mjs';

const built = (file) => import(path.join(root, file));
const readJson = (file) => JSON.parse(readFileSync(path.join(import.meta.dirname, file), 'utf8'));

/** @typedef {import('../../packages/config/src/describe-section.js').SectionDescription} Described */
/**
 * @typedef {object} Entry
 * @property {string} name as Fluentd's files are called: `in_forward`; `system`, `buffer` and `inject`
 * @property {string} kind
 * @property {string | undefined} type what `@type` says
 * @property {string | undefined} from the package
 * @property {string} description
 * @property {Described} section
 */

/** @returns {Promise<Entry[]>} plugins by name, after the sections that many of them have */
export async function referenceEntries() {
  const { describeSection } = await built('packages/config/dist/index.js');
  const { prefixOfKind } = await built('packages/plugin/dist/index.js');
  const { loadPlugins } = await built('apps/agent/dist/load-plugins.js');
  const { systemSection } = await built('apps/agent/dist/processes/system-section.js');
  const { bufferSection } = await built('packages/buffer/dist/index.js');
  const { injectSection } = await built('packages/formats/dist/index.js');
  const registry = await loadPlugins({});
  const plugins = registry.all().map(({ definition, origin }) => ({
    name: `${prefixOfKind[definition.kind]}_${definition.type}`,
    kind: definition.kind,
    type: definition.type,
    from: origin.from,
    description: definition.description,
    section: describeSection(definition.section),
  }));
  const common = [
    ['system', systemSection],
    ['buffer', bufferSection],
    ['inject', injectSection],
  ].map(([name, section]) => {
    const described = describeSection(section);
    return { name, kind: 'section', description: described.description ?? '', section: described };
  });
  return [...common, ...plugins.sort((a, b) => (a.name < b.name ? -1 : 1))];
}

const fluentd = readJson('fluentd-parameters.json');
const since = readJson('since.json');

/**
 * @param {string} entry such as `in_forward`
 * @param {readonly string[]} sections inside of it, such as `['security', 'user']`
 * @param {{ name: string; aliases: readonly string[] }} param
 * @returns {string | undefined} what Fluentd calls it; undefined where it does not have it
 */
export function nameInFluentd(entry, sections, { name, aliases }) {
  // Sections such as <transport> are the same in every plugin.
  const shared = fluentd[sections.at(-1) ?? entry] ?? [];
  return [name, ...aliases].find(
    (each) => fluentd[entry]?.includes([...sections, each].join('/')) || shared.includes(each),
  );
}

/** The key of a parameter in `since.json`. */
export const parameterKey = (entry, sections, name) => [entry, ...sections, name].join('/');

/** The version of the agent that has had a parameter first; undefined for one not released yet. */
export const sinceOf = (key) => since[key];

/**
 * Goes through every parameter, with those of sections inside.
 *
 * @param {Entry} entry
 * @returns {{ sections: string[]; param: object }[]}
 */
export function parametersOf({ section }) {
  const found = [];
  const visit = (described, sections) => {
    const { argument, params, rest } = described;
    for (const param of [argument, ...params, rest]) if (param) found.push({ sections, param });
    for (const inner of described.sections) visit(inner, [...sections, inner.name]);
  };
  visit(section, []);
  return found;
}
