/**
 * `![What it shows](diagrams/NAME.svg)` in a page becomes the drawing itself, so that it takes the
 * colours of the page, light or dark. A file of its own has both sets of colours in its `<style>`.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pagesFolder } from './paths.mjs';

/** Changes how VitePress' markdown-it renders images. */
export function inlineDiagrams(markdown) {
  const usual = markdown.renderer.rules.image;
  markdown.renderer.rules.image = (tokens, index, options, env, self) => {
    const source = tokens[index].attrGet('src') ?? '';
    const name = /(?:^|\/)diagrams\/([\w-]+\.svg)$/.exec(source)?.[1];
    if (name === undefined) return usual(tokens, index, options, env, self);
    return drawing(name, tokens[index].content);
  };
}

function drawing(name, title) {
  const svg = readFileSync(path.join(pagesFolder, 'diagrams', name), 'utf8')
    .replace(/<\?xml[^]*?\?>\s*/, '')
    .replace(/<style>[^]*?<\/style>\s*/, '')
    .replace(/\n\s*/g, '\n')
    .replace(/\n+/g, '');
  const label = title.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  const drawn = svg.replace('<svg ', `<svg role="img" aria-label="${label}" `);
  return `<span class="diagram" tabindex="0" role="group" aria-label="Diagram" v-pre>${drawn}</span>`;
}
