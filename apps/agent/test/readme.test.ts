import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readmeExamples, runReadmeExamples } from '../../../tools/readme-examples.mjs';
import { AgentProcess, sluice, temporaryFolder } from './support/agent-process.js';

const readme = new URL('../README.md', import.meta.url);

test('the program of the README runs', async () => {
  expect(await runReadmeExamples(readme)).toEqual(["app.log { message: 'hello' }\n"]);
});

test('the shell examples of the README do what they say', async () => {
  const shell = readmeExamples(readme)
    .filter(({ lang }) => lang === 'sh')
    .map(({ code }) => code);
  const configuration = /<<'END'\n([^]*?)END\n/.exec(shell.join(''))![1];
  // The documented port may be taken on this machine.
  const agent = await AgentProcess.start(
    configuration.replace('bind 127.0.0.1', 'bind 127.0.0.1\n  port 0'),
  );
  const [, json, tag] = /^echo '(.*)' \| sluice cat (.*)\n/m.exec(shell.join(''))!;
  const sent = await sluice(['cat', '--port', String(agent.port), tag], `${json}\n`);
  expect(sent).toMatchObject({ code: 0, stderr: expect.stringContaining('1 event acknowledged') });
  await agent.until(() => agent.stdout !== '', 'the event was printed');
  expect(agent.stdout).toMatch(
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9} [+-]\d{4} test\.hello: \{"message":"hello"\}\n$/,
  );
  expect(await agent.stop()).toBe(0);
});

test('the quick start of the front page is a good configuration', async () => {
  const file = path.join(import.meta.dirname, '../../../examples/quickstart.conf');
  const folder = temporaryFolder();
  expect(await sluice(['--dry-run', '-c', file], '', folder)).toMatchObject({ code: 0 });
  // It listens where the front page says.
  expect(readFileSync(file, 'utf8')).toMatch(/bind 127\.0\.0\.1\s+port 24224/);
});
