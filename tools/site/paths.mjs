/** Where the site is made, and the one place that knows where the project lives. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../workspace.mjs';

const { repository } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

/** The repository's page, from `repository` of the workspace's package.json. */
export const repositoryUrl = repository.url.replace(/^git\+/, '').replace(/\.git$/, '');

/** A file or a folder of the repository, as a link. */
export const sourceUrl = (file, kind = 'blob') => `${repositoryUrl}/${kind}/main/${file}`;

/** The pages that VitePress reads: made anew by every build. */
export const pagesFolder = path.join(root, 'out/site-pages');

/** The site. */
export const siteFolder = path.join(root, 'out/site');
