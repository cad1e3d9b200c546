/** Writes the configuration reference: one page a plugin, from the sections that the plugin has. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parameterKey, nameInFluentd, referenceEntries, sinceOf } from './reference-data.mjs';

const kinds = {
  section: 'Sections that many share',
  input: 'Inputs: `<source>`',
  filter: 'Filters: `<filter>`',
  output: 'Outputs: `<match>`',
  parser: 'Parsers: `<parse>`',
  formatter: 'Formatters: `<format>`',
  chunk_store: 'Stores of buffers: `<buffer>`',
  service_discovery: 'Service discovery: `<service_discovery>`',
};

/** Sections inside of plugins that have a page of their own, or a kind of plugins. */
const pagesOfSections = {
  buffer: 'See [buffer](buffer.md), and the stores: [memory](buf_memory.md), [file](buf_file.md).',
  inject: 'See [inject](inject.md).',
  format: 'See the [formatters](index.md#formatters-format).',
  parse: 'See the [parsers](index.md#parsers-parse).',
  service_discovery: 'See [service discovery](index.md#service-discovery-service-discovery).',
};

/** @param {string} out the folder of the pages */
export async function buildReference(out) {
  mkdirSync(out, { recursive: true });
  const entries = await referenceEntries();
  writeFileSync(path.join(out, 'index.md'), indexPage(entries));
  for (const entry of entries) {
    writeFileSync(path.join(out, `${entry.name}.md`), entryPage(entry));
  }
  return entries;
}

function indexPage(entries) {
  const groups = Object.entries(kinds).map(([kind, heading]) => {
    const rows = entries
      .filter((entry) => entry.kind === kind)
      .map(({ name, type, description }) => {
        const called = type === undefined ? `\`<${name}>\`` : `\`@type ${type}\``;
        return `| [${name}](${name}.md) | ${called} | ${cell(description)} |`;
      });
    return [
      `## ${heading}`,
      '',
      '| page | name | what it does |',
      '| --- | --- | --- |',
      ...rows,
    ].join('\n');
  });
  return `---
editLink: false
---

# Configuration

Every section and every parameter of what the agent ships with, made from the definitions that the
agent itself reads a configuration with. The same in a terminal:
\`sluice plugin show in_forward\`.

Each parameter tells its type, its default, what Fluentd calls it, and since which version it is
there. Every plugin also takes \`@type\`, \`@id\` (its name in the log and in the metrics),
\`@log_level\`, and an input \`@label\`, the label that its events go to.

Types: a \`size\` is bytes with \`k\`, \`m\`, \`g\` or \`t\` behind (1,024 each); a \`time\` is seconds with
\`s\`, \`m\`, \`h\` or \`d\`; \`array\` and \`hash\` are JSON, or texts with commas between.

${groups.join('\n\n')}
`;
}

function entryPage(entry) {
  const lines = [
    '---',
    'editLink: false',
    '---',
    '',
    `# ${entry.name}`,
    '',
    sentence(entry.description),
    '',
  ];
  if (entry.type !== undefined) {
    const where = entry.from.replace('@sluice/', '');
    lines.push(`\`@type ${entry.type}\`, from [${entry.from}](../packages/${where}.md).`, '');
  }
  section(entry, entry.section, [], lines);
  return `${lines.join('\n').trimEnd()}\n`;
}

function section(entry, described, sections, lines) {
  const { argument, params, rest } = described;
  const all = [argument, ...params, rest].filter((param) => param !== undefined);
  if (all.length === 0 && sections.length === 0) lines.push('It has no parameters of its own.', '');
  for (const param of all) parameter(entry, sections, param, param === argument, lines);
  for (const inner of described.sections) subsection(entry, inner, sections, lines);
}

function subsection(entry, described, sections, lines) {
  const names = [...sections, described.name];
  const words = [described.required ? 'required' : 'optional'];
  if (described.multiple) words.push('may be repeated');
  if (described.aliases.length > 0) words.push(`also \`<${described.aliases.join('>`, `<')}>\``);
  const chain = names.map((name) => `\\<${name}\\>`).join(' ');
  lines.push(`## ${chain} {#section-${names.join('-')}}`, '', `A section, ${words.join(', ')}.`);
  if (described.description) lines.push('', sentence(described.description));
  if (pagesOfSections[described.name] && described.params.length === 0) {
    lines.push('', pagesOfSections[described.name]);
  }
  lines.push('');
  section(entry, described, names, lines);
}

function parameter(entry, sections, param, isArgument, lines) {
  const id = ['param', ...sections, param.name].join('-').replace('*', 'any');
  const name = param.name === '*' ? 'any other name' : param.name;
  lines.push(`### ${escaped(name)} {#${id}}`, '');
  if (param.description) lines.push(sentence(param.description), '');
  const facts = [typeOf(param), defaultOf(param)];
  if (isArgument) facts.unshift('the argument of the section');
  if (param.secret) facts.push('secret: masked wherever a configuration is shown');
  if (param.aliases.length > 0) facts.push(`also called \`${param.aliases.join('`, `')}\``);
  facts.push(...inFluentd(entry, sections, param));
  facts.push(
    `since ${sinceOf(parameterKey(entry.name, sections, param.name)) ?? 'the next version'}`,
  );
  if (param.deprecated !== undefined) facts.push(`**deprecated**: ${cell(param.deprecated)}`);
  if (param.obsoleted !== undefined) facts.push(`**removed**: ${cell(param.obsoleted)}`);
  lines.push(facts.join(' · '), '');
}

function inFluentd(entry, sections, param) {
  if (entry.name.endsWith('_jetstream') || param.name === '*') return [];
  const theirs = nameInFluentd(entry.name, sections, param);
  return [theirs === undefined ? 'not in Fluentd' : `Fluentd: \`${theirs}\``];
}

function typeOf({ type, values }) {
  return values === undefined ? type : `${type}: \`${values.join('`, `')}\``;
}

function defaultOf({ required, default: value, defaultText }) {
  if (required) return '**required**';
  if (value === undefined || value === null) return 'no default';
  const text = defaultText ?? JSON.stringify(value) ?? String(value);
  const shown = text === '' || /[\s`]/.test(text) ? JSON.stringify(text) : text;
  return `default: <code v-pre>${escaped(shown)}</code>`;
}

const escaped = (text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** What a template of the site, or a table, would take for its own. */
const cell = (text) =>
  escaped(text)
    .replaceAll('|', '\\|')
    .replaceAll('{{', '&#123;&#123;')
    .replaceAll('*', '\\*')
    .replaceAll('_', '\\_');

function sentence(text) {
  const shown = cell(text);
  return /[.!?]$/.test(shown) ? shown : `${shown}.`;
}
