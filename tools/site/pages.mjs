/**
 * The pages that people write, in the order of the sidebar. A page of `docs/` that is not listed
 * comes last, under "More"; its title is its first heading.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../workspace.mjs';

/** Groups of the sidebar: files of the repository. Those that are not written yet are left out. */
const groups = {
  'Start here': ['docs/start-here.md', 'docs/which-package.md', 'docs/coming-from-fluentd.md'],
  Guides: [
    'docs/server-helper.md',
    'docs/socket-options.md',
    'docs/tls.md',
    'docs/write-a-plugin.md',
    'docs/editors.md',
  ],
  'Running it': [
    'docs/operations.md',
    'docs/troubleshooting.md',
    'docs/scale.md',
    'docs/performance.md',
    'docs/limits.md',
    'docs/reliability.md',
    'SECURITY.md',
  ],
  'Inside Sluice': [
    'docs/architecture.md',
    'docs/glossary.md',
    'docs/server-tests.md',
    'docs/dependencies.md',
    'CONTRIBUTING.md',
    'CODE_OF_CONDUCT.md',
  ],
};

/** Pages with a place of their own: the first page, and fragments that others take in. */
const elsewhere = ['docs/index.md'];

/**
 * @typedef {object} Page
 * @property {string} source the file in the repository
 * @property {string} page where it is in the site, such as `scale.md`
 * @property {string} title
 */

/** @returns {Page} */
export function pageOf(source, page = sitePathOf(source)) {
  return { source, page, title: titleOf(readFileSync(path.join(root, source), 'utf8'), source) };
}

function sitePathOf(source) {
  if (source.startsWith('docs/')) return source.slice('docs/'.length);
  return source.toLowerCase().replaceAll('_', '-');
}

function titleOf(text, source) {
  const title = /^(?:# |title: )(.+)$/m.exec(text)?.[1];
  if (title === undefined) throw new Error(`${source} has no heading of the first level`);
  return title.replaceAll('`', '');
}

function markdownIn(folder) {
  return readdirSync(path.join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => `${folder}/${name}`);
}

/** @returns {{ text: string; pages: Page[] }[]} what is written by hand, as the sidebar groups it */
export function guideGroups() {
  const listed = new Set([...Object.values(groups).flat(), ...elsewhere]);
  const more = markdownIn('docs').filter((file) => !listed.has(file));
  return [
    ...Object.entries(groups).map(([text, files]) => ({ text, files })),
    { text: 'Decisions', files: markdownIn('docs/decisions') },
    { text: 'More', files: more },
  ]
    .map(({ text, files }) => ({
      text,
      pages: files.filter((file) => existsSync(path.join(root, file))).map((file) => pageOf(file)),
    }))
    .filter(({ pages }) => pages.length > 0);
}
