/** Puts all that people have written where VitePress reads it: guides, packages, changes. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../workspace.mjs';
import { changelogPage } from './changelog.mjs';
import { looksLikeConfiguration } from './blocks.mjs';
import { outsideOfCode, siteLinks } from './links.mjs';
import { guideGroups, pageOf } from './pages.mjs';
import { pagesFolder, sourceUrl } from './paths.mjs';
import { packages } from './public-faces.mjs';

/** @returns {{ pages: number }} */
export function stagePages() {
  const guides = [pageOf('docs/index.md'), ...guideGroups().flatMap(({ pages }) => pages)];
  const readmes = packages().map((each) => ({
    ...pageOf(`${each.folder}/README.md`, `packages/${each.page}.md`),
    ...each,
    page: `packages/${each.page}.md`,
  }));
  const known = new Map([
    ...[...guides, ...readmes].map(({ source, page }) => [source, page]),
    ...readmes.map(({ folder, page }) => [folder, page]),
    ['README.md', 'index.md'],
    ['docs', 'index.md'],
  ]);
  for (const each of [...guides, ...readmes]) {
    const text = readFileSync(path.join(root, each.source), 'utf8');
    const linked = markConfigurations(withoutTags(siteLinks(text, each, known)));
    write(each.page, withEditLink(each.folder ? packagePage(linked, each) : linked, each.source));
  }
  write('changelog.md', siteLinks(changelogPage(), { source: 'x', page: 'changelog.md' }, known));
  cpSync(path.join(root, 'docs/diagrams'), path.join(pagesFolder, 'diagrams'), { recursive: true });
  for (const file of publicFiles()) {
    const to = path.join(pagesFolder, 'public', path.basename(file));
    mkdirSync(path.dirname(to), { recursive: true });
    cpSync(path.join(root, file), to);
  }
}

/** What the site offers for download. */
function publicFiles() {
  const folders = ['tools/site/public', 'packaging/monitoring'];
  return folders
    .filter((folder) => existsSync(path.join(root, folder)))
    .flatMap((folder) => readdirSync(path.join(root, folder)).map((name) => `${folder}/${name}`));
}

function write(page, text) {
  const file = path.join(pagesFolder, page);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** What looks like a tag in prose is a section such as <buffer>; Vue would take it for a component. */
function withoutTags(text) {
  return outsideOfCode(text, (prose) => prose.replace(/<(?=[/@a-z](?!ttps?:))/gi, '&lt;'));
}

/** A page that has front matter of its own keeps it. */
function withEditLink(text, source) {
  if (text.startsWith('---\n')) return text;
  return `---\neditUrl: ${sourceUrl(source, 'edit')}\n---\n\n${text}`;
}

/** The README, with why one would take it, as the page that helps to choose says it. */
function packagePage(text, each) {
  const choice = readFileSync(path.join(root, 'docs/which-package.md'), 'utf8');
  const why = choice
    .split(/^### /m)
    .slice(1)
    .map((section) => section.split(/^## /m)[0].trim())
    .filter((section) => section.startsWith(`\`${each.name}\`,`))
    .map((section) => `## Why this${section.slice(section.indexOf(','))}`);
  return [withFacts(text, each).trimEnd(), ...why, ''].join('\n\n');
}

/** How a package is installed and where its API is, under its heading. */
function withFacts(text, { name, page, folder }) {
  const api = `../api/${path.basename(page, '.md')}/index.md`;
  const install = name.startsWith('create-')
    ? `npm ${name.replace('-', ' ')}`
    : `npm install ${name}`;
  const facts = `\`${install}\` · [API](${api}) · [source](${sourceUrl(folder, 'tree')})`;
  return text.replace(/^# .+$/m, (heading) => `${heading}\n\n${facts}`);
}

/** GitHub knows no grammar of Fluentd's language; the site has its own. */
function markConfigurations(text) {
  return text.replace(/^```text\n([^]*?)^```$/gm, (whole, code) =>
    looksLikeConfiguration(code) ? `\`\`\`fluentd\n${code}\`\`\`` : whole,
  );
}
