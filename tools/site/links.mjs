/** Turns links between files of the repository into links between pages of the site. */
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { root } from '../workspace.mjs';
import { sourceUrl } from './paths.mjs';

/** Parts of the site that are generated: a guide links to them as if they were beside it. */
const generated = ['api/', 'reference/', 'public/', 'changelog.md'];

/**
 * Applies a change to a page's text outside of its code blocks and its code spans.
 *
 * @param {string} text
 * @param {(prose: string) => string} change
 */
export function outsideOfCode(text, change) {
  return text
    .split(/(^```[^]*?^```[ \t]*$|`[^`\n]+`)/m)
    .map((part, index) => (index % 2 === 0 ? change(part) : part))
    .join('');
}

/**
 * @param {string} text of the file
 * @param {{ source: string; page: string }} from
 * @param {Map<string, string>} pages from a file or folder of the repository to its page
 * @returns {string} the text with links that hold in the site
 * @throws Error for a link to what does not exist
 */
export function siteLinks(text, { source, page }, pages) {
  return outsideOfCode(text, (prose) =>
    prose.replace(/(\]\(|<(?:img|a)\s[^>]*?(?:src|href)=")([^)"\s]+)/g, (whole, before, target) =>
      /^(?:[a-z]+:|#)/.test(target) ? whole : before + siteLink(target, source, page, pages),
    ),
  );
}

function siteLink(target, source, page, pages) {
  const [, file = '', anchor = ''] = /^([^#]*)(#.*)?$/.exec(target) ?? [];
  if (file === '') return target;
  const wanted = path.posix.join(path.posix.dirname(source), file).replace(/\/$/, '');
  const known = pages.get(wanted);
  if (known !== undefined) return relative(page, known) + anchor;
  const inDocs = path.posix.relative('docs', wanted);
  if (source.startsWith('docs/') && generated.some((start) => inDocs.startsWith(start))) {
    if (inDocs.startsWith('public/')) return `/${inDocs.slice('public/'.length)}`;
    return relative(page, inDocs) + anchor;
  }
  if (wanted.startsWith('docs/diagrams/')) return relative(page, wanted.slice('docs/'.length));
  if (!existsSync(path.join(root, wanted))) {
    throw new Error(`${source} links to ${target}, which does not exist`);
  }
  const kind = statSync(path.join(root, wanted)).isDirectory() ? 'tree' : 'blob';
  return sourceUrl(wanted, kind) + anchor;
}

function relative(from, to) {
  const link = path.posix.relative(path.posix.dirname(from), to);
  return link.startsWith('.') ? link : `./${link}`;
}
