import type { CheckedFile, NamedPlugin, Place } from './check-file.js';

const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;

/** What `sluice check` prints of a file. */
export function checkText(checked: CheckedFile): string {
  const { path, ok, runs, differs, load, missing, errors, warnings } = checked;
  const lines = [`${path}: ${ok ? 'runs' : 'does not run as it is'}`];
  const add = (word: string, text: string): void => void lines.push(`  ${word.padEnd(8)} ${text}`);
  const names = [...new Set(runs.map(({ name }) => name))];
  if (names.length > 0) add('runs', names.join(', '));
  for (const plugin of load) {
    add('load', `${at(plugin)}${plugin.name}: looked for as the npm package ${plugin.package}`);
  }
  for (const plugin of missing) add('missing', `${at(plugin)}${plugin.name}: ${plugin.instead}`);
  for (const { message, hint, ...place } of errors) {
    add('error', `${at(place)}${message}`);
    if (hint !== undefined) lines.push(`           ${hint}`);
  }
  for (const [text, plugins] of byText(differs)) {
    const places = plugins.map(({ name, line }) => `${name} (line ${line ?? '?'})`);
    add('differs', `${[...new Set(places)].join(', ')}: ${text}`);
  }
  for (const warning of warnings) add('warning', warning);
  return `${lines.join('\n')}\n`;
}

/** The last line, where there were several files. */
export function summaryText(all: readonly CheckedFile[]): string {
  const good = all.filter(({ ok }) => ok).length;
  return `${count(all.length, 'file')}: ${good} ${good === 1 ? 'runs' : 'run'}, ${all.length - good} not\n`;
}

function at({ file, line }: Place): string {
  return file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `;
}

function byText(differs: CheckedFile['differs']): Map<string, NamedPlugin[]> {
  const found = new Map<string, NamedPlugin[]>();
  for (const plugin of differs) {
    const list = found.get(plugin.text);
    if (list === undefined) found.set(plugin.text, [plugin]);
    else list.push(plugin);
  }
  return found;
}
