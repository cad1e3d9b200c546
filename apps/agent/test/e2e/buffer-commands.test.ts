import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { sluice, temporaryFolder } from '../support/agent-process.js';
import { TestPipeline } from '../support/pipeline.js';

/** A buffer with two chunks that wait. */
async function waiting(): Promise<{ where: string; files: string[] }> {
  const where = path.join(temporaryFolder(), 'buffer');
  const { pipeline, emit } = bound(`
    <match **>
      @type keep
      <buffer tag, user>
        @type file
        path ${where}
        flush_mode lazy
      </buffer>
    </match>
  `);
  await pipeline.start();
  await emit('app', { user: 'ada', n: 1 }, { user: 'ada', n: 2 });
  await emit('a\u001b[2J', { user: 'bob', n: 3 });
  await pipeline.stop();
  const worker = path.join(where, 'worker0');
  const files = readdirSync(worker).filter((name) => name.endsWith('.log'));
  return { where, files: files.map((name) => path.join(worker, name)) };
}

function bound(text: string) {
  const made = new TestPipeline(text);
  return { pipeline: made.pipeline, emit: made.emit.bind(made) };
}

const lines = (text: string): unknown[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

test('list prints a row for each chunk, and no control character of a tag', async () => {
  const { where } = await waiting();
  const { code, stdout, stderr } = await sluice(['buffer', 'list', where]);
  expect([code, stderr]).toEqual([0, '']);
  const [head, first, second, sum] = stdout.trimEnd().split('\n');
  expect(head).toMatch(/^CHUNK +FOLDER +BEGUN +EVENTS +BYTES +TAG +KEYS$/);
  expect(first).toMatch(/^[0-9a-f]{32} {2}worker0 .* 2 +\d+ {2}app +user="ada"$/);
  expect(second).toMatch(/ 1 +\d+ {2}a\\u001b\[2J {2}user="bob"$/);
  expect(sum).toMatch(/^chunks: 2, events: 3, bytes: \d+$/);
});

test('list --json has a line for each chunk', async () => {
  const { where, files } = await waiting();
  const { stdout } = await sluice(['buffer', 'list', '--json', where]);
  expect(lines(stdout)).toEqual([
    expect.objectContaining({ tag: 'app', events: 2, variables: { user: 'ada' } }),
    expect.objectContaining({ tag: 'a\u001b[2J', events: 1, folder: 'worker0' }),
  ]);
  expect(files).toContain((lines(stdout)[0] as { file: string }).file);
});

test('export prints every event, of one chunk where its id is given', async () => {
  const { where, files } = await waiting();
  const all = await sluice(['buffer', 'export', where]);
  expect(all.code).toBe(0);
  const time = '1970-01-01T00:00:01.000000000Z';
  const expected = [
    { tag: 'app', time, record: { user: 'ada', n: 1 } },
    { tag: 'app', time, record: { user: 'ada', n: 2 } },
    { tag: 'a\u001b[2J', time, record: { user: 'bob', n: 3 } },
  ];
  expect(lines(all.stdout)).toEqual(expected);
  const listed = lines((await sluice(['buffer', 'list', '--json', where])).stdout);
  const { id } = listed[1] as { id: string };
  const one = await sluice(['buffer', 'export', '--chunk', id.slice(0, 12), where]);
  expect(lines(one.stdout)).toEqual(expected.slice(2));
  // Nothing was changed by looking.
  expect(files.every((file) => readFileSync(file).length > 0)).toBe(true);
});

test('show prints what a chunk is, and its first events', async () => {
  const { where } = await waiting();
  const { code, stdout } = await sluice(['buffer', 'show', '--events', '1', where]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^chunk [0-9a-f]{32} in worker0\n {2}tag +"app"\n {2}user +"ada"\n/);
  expect(stdout).toContain('"n":1}}\n… and 1 more\n');
});

test('what is damaged is reported, the rest is printed, and the exit code is 1', async () => {
  const { where, files } = await waiting();
  const sizes = files.map((file) => readFileSync(file));
  const larger = sizes[0].length > sizes[1].length ? 0 : 1;
  const bytes = sizes[larger];
  bytes[bytes.length - 1] ^= 1;
  writeFileSync(files[larger], bytes);
  const header = readFileSync(files[1 - larger]);
  writeFileSync(
    path.join(where, 'worker0', `buffer.${'0'.repeat(32)}.log`),
    header.subarray(0, 20),
  );
  const { code, stdout, stderr } = await sluice(['buffer', 'export', where]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/the file ends in its header/);
  expect(stderr).toMatch(/\d+ bytes are damaged/);
  expect(lines(stdout)).toHaveLength(1);
});

test.each([
  [['buffer'], 2, 'sluice buffer list, sluice buffer show, sluice buffer export'],
  [['buffer', 'list'], 2, 'the path of a buffer is needed'],
  [['buffer', 'list', '--events', '1', '/tmp'], 2, "Unknown option '--events'"],
  [['buffer', 'show', '--events', 'x', '/tmp'], 2, 'a whole number'],
  [['buffer', 'list', '/nowhere'], 1, 'ENOENT'],
])('%j is refused', async (args, code, text) => {
  const finished = await sluice(args);
  expect(finished.code).toBe(code);
  expect(finished.stderr).toContain(text);
});
