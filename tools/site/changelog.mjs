/** One page of all changelogs, with the changes that are not released yet. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../workspace.mjs';
import { packages } from './public-faces.mjs';

/** @returns {string} Markdown */
export function changelogPage() {
  const released = packages()
    .map(({ name, folder }) => ({ name, file: path.join(root, folder, 'CHANGELOG.md') }))
    .filter(({ file }) => existsSync(file))
    .map(({ name, file }) => `## ${name}\n\n${demoted(readFileSync(file, 'utf8'))}`);
  const waiting = readdirSync(path.join(root, '.changeset'))
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .sort()
    .map((name) => waitingChange(readFileSync(path.join(root, '.changeset', name), 'utf8')));
  return [
    '# Changelog',
    'Each package has its own version, and its own `CHANGELOG.md`; this page has all of them.',
    ...(waiting.length > 0 ? ['## Not released yet', ...waiting] : []),
    ...released,
    '',
  ].join('\n\n');
}

/** Headings one level down, without the first, which is the package's name. */
function demoted(text) {
  return text
    .replace(/^# .*\n+/, '')
    .replace(/^(#{2,4}) /gm, '#$1 ')
    .trim();
}

function waitingChange(text) {
  const [, front = '', body = ''] = /^---\n([^]*?)\n?---\n([^]*)$/.exec(text) ?? [];
  const names = [...front.matchAll(/^['"]?([^'":]+)['"]?:/gm)].map(([, name]) => `\`${name}\``);
  return `**${names.join(', ')}**\n\n${body.trim()}`;
}
