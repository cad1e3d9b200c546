import { readFileSync } from 'node:fs';
import path from 'node:path';
import { defineConfig } from 'vitepress';
import { root } from '../../workspace.mjs';
import { inlineDiagrams } from '../inline-diagrams.mjs';
import { guideGroups } from '../pages.mjs';
import { pagesFolder, repositoryUrl, siteFolder } from '../paths.mjs';
import { packages } from '../public-faces.mjs';

const link = (page) => `/${page.replace(/\.md$/, '')}`;
const grammar = JSON.parse(
  readFileSync(path.join(root, 'tools/site/public/fluentd.tmLanguage.json'), 'utf8'),
);

const guides = guideGroups().map(({ text, pages }) => ({
  text,
  items: pages.map(({ title, page }) => ({ text: title, link: link(page) })),
}));
const packagePages = packages().map(({ name, page }) => ({
  text: name,
  link: `/packages/${page}`,
}));
const apiPages = packages().flatMap(({ page, faces }) =>
  [...faces.values()].map((face) => ({
    text: face,
    link: `/api/${path.posix.join(
      page,
      face
        .split('/')
        .slice(face.startsWith('@') ? 2 : 1)
        .join('/'),
    )}/`,
  })),
);

/** The generated reference, as its first page groups it. */
const referencePages = readFileSync(path.join(pagesFolder, 'reference/index.md'), 'utf8')
  .split(/^## /m)
  .slice(1)
  .map((group) => ({
    text: group.slice(0, group.indexOf('\n')).replace(/: .*/, ''),
    items: [...group.matchAll(/^\| +\[([^\]]+)\]\(([^)]+)\)/gm)].map(([, text, page]) => ({
      text,
      link: link(`reference/${page}`),
    })),
  }));

export default defineConfig({
  title: 'Sluice',
  description: "Fluentd's server plugin helper, forward input and agent for Node.js",
  lang: 'en',
  base: process.env.SITE_BASE ?? '/',
  srcDir: path.relative(path.join(root, 'tools/site'), pagesFolder),
  outDir: siteFolder,
  cacheDir: path.join(root, 'out/site-cache'),
  // A link to a page that does not exist is an error.
  ignoreDeadLinks: false,
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  markdown: {
    languages: [grammar],
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config: inlineDiagrams,
  },
  vite: { logLevel: 'warn', build: { chunkSizeWarningLimit: 20_000 } },
  themeConfig: {
    nav: [
      { text: 'Start here', link: '/start-here' },
      { text: 'Packages', link: '/which-package' },
      { text: 'Configuration', link: '/reference/' },
      { text: 'API', link: '/api/' },
      { text: 'Changelog', link: '/changelog' },
    ],
    sidebar: {
      '/api/': [{ text: 'API', link: '/api/', items: apiPages }],
      '/reference/': [{ text: 'Configuration', link: '/reference/' }, ...referencePages],
      '/': [
        ...guides,
        { text: 'Packages', items: packagePages },
        {
          text: 'Reference',
          items: [
            { text: 'Configuration', link: '/reference/' },
            { text: 'API', link: '/api/' },
            { text: 'Changelog', link: '/changelog' },
          ],
        },
      ],
    },
    outline: [2, 3],
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: repositoryUrl }],
    editLink: { pattern: ({ frontmatter }) => frontmatter.editUrl ?? '', text: 'Edit this page' },
    footer: { message: 'Apache-2.0' },
  },
});
