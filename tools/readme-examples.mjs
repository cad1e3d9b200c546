/** Finds the fenced code blocks of a Markdown file, so that tests can run what the text shows. */
import { readFileSync } from 'node:fs';

/**
 * @param {string | URL} file
 * @returns {{ lang: string; code: string; line: number }[]} in the order of the text; `line` is
 *   1-based and that of the first line of code
 */
export function readmeExamples(file) {
  const examples = [];
  /** @type {{ lang: string; line: number; lines: string[] } | undefined} */
  let open;
  for (const [index, text] of readFileSync(file, 'utf8').split('\n').entries()) {
    const fence = /^```(\S*)/.exec(text);
    if (fence === null) {
      open?.lines.push(text);
    } else if (open === undefined) {
      open = { lang: fence[1] ?? '', line: index + 2, lines: [] };
    } else {
      examples.push({ lang: open.lang, line: open.line, code: open.lines.join('\n') + '\n' });
      open = undefined;
    }
  }
  return examples;
}
