import { readFileSync } from 'node:fs';
import { EventTime } from '@sluice/event-stream';
import { expect, test } from 'vitest';
import { readmeExamples } from '../../../tools/readme-examples.mjs';
import { filesIn, startOutput, stream, temporaryFolder } from './support/file-output.js';

const examples = readmeExamples(new URL('../README.md', import.meta.url))
  .filter(({ lang }) => lang === 'text')
  .map(({ code }) => code);
const event = { time: new EventTime(1_795_336_380, 0), record: { message: 'hello' } };
process.env.TZ = 'UTC'; // as in the README

/** What a `<match>` of the README makes of one event. */
async function written(example: string): Promise<[file: string, text: string]> {
  const folder = temporaryFolder();
  const lines = example.replace(/^<match \*\*>|<\/match>$/gm, '').replaceAll('/tmp/', `${folder}/`);
  const { output, stop } = await startOutput(lines);
  await output.write('web', stream(event));
  await stop();
  const [file] = filesIn(folder);
  return [file, readFileSync(`${folder}/${file}`, 'utf8')];
}

test('the first example writes what the README says', async () => {
  expect(await written(examples[0])).toEqual(['app.20261122_0.log', examples[1]]);
});

test('the second example is one file of JSON lines', async () => {
  expect(await written(examples[2])).toEqual(['app.log', '{"message":"hello"}\n']);
});

test('the table of names holds', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const rows = [...readme.matchAll(/^\| `([^`]+)` +\| ((?:`[^`]+` ?)*) *\| `([^`]+)` +\|$/gm)];
  expect(rows).toHaveLength(9);
  for (const [, path, words, file] of rows) {
    const parts = [...words.matchAll(/`([^`]+)`/g)].map(([, word]) => word);
    const inner = parts.filter((part) => part.startsWith('timekey')).join('\n');
    const lines = parts
      .filter((part) => !part.startsWith('timekey'))
      .map((part) => (part.startsWith('<buffer') ? `${part}\n${inner}\n</buffer>` : part));
    const folder = temporaryFolder();
    const { output, stop } = await startOutput(`path ${folder}/${path}\n${lines.join('\n')}`);
    await output.write('web', stream(event));
    await stop();
    expect(filesIn(folder)).toEqual([file]);
  }
});
