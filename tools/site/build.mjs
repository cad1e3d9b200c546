/**
 * `npm run docs`: one site of the guides, the packages, the configuration reference and the API,
 * into `out/site`. Fails on the first warning of anybody.
 */
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'vitepress';
import { nx } from '../workspace.mjs';
import { buildApi } from './build-api.mjs';
import { buildReference } from './build-reference.mjs';
import { pagesFolder, siteFolder } from './paths.mjs';
import { stagePages } from './stage.mjs';
import { yamlSchema } from './yaml-schema.mjs';

const folder = path.join(import.meta.dirname);
const warnings = [];
for (const name of ['warn', 'error']) {
  const usual = console[name];
  console[name] = (...words) => {
    warnings.push(words.join(' '));
    usual(...words);
  };
}

nx(['run-many', '-t', 'build', '--projects=@sluice/agent'], { quiet: true });
for (const each of [pagesFolder, siteFolder]) rmSync(each, { recursive: true, force: true });
const entries = await buildReference(path.join(pagesFolder, 'reference'));
stagePages();
writeFileSync(
  path.join(pagesFolder, 'public/sluice.schema.json'),
  JSON.stringify(yamlSchema(entries)),
);
await buildApi(path.join(pagesFolder, 'api'));
await build(folder);
if (warnings.length > 0) {
  process.stderr.write(`the site has ${warnings.length} warnings\n`);
  process.exit(1);
}
process.stdout.write(`${path.relative(process.cwd(), siteFolder)}: ${entries.length} plugins\n`);
