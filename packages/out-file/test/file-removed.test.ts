import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  counters,
  filesIn,
  growing,
  lines,
  startOutput,
  stream,
  temporaryFolder,
  write,
  type TestOutput,
} from './support/file-output.js';

const warnings = ({ log }: TestOutput): string[] =>
  log.filter(({ level }) => level === 'warn').map(({ text }) => text);

describe('a file that somebody removes', () => {
  test('what is acknowledged after rm -r of the folder is in a new file', async () => {
    const folder = temporaryFolder();
    const output = await startOutput(growing(`${folder}/out/a.log`));
    await write(output, 1);
    for (let n = 2; n < 6; n += 1) {
      rmSync(`${folder}/out`, { recursive: true });
      await write(output, n);
      expect(readFileSync(`${folder}/out/a.log`, 'utf8')).toBe(lines(n));
    }
    expect(warnings(output)).toHaveLength(4);
    expect(warnings(output)[0]).toBe(`${folder}/out/a.log was removed: it is made anew`);
  });

  test('the clock of the day has no say in when a renamed file is noticed', async () => {
    const folder = temporaryFolder();
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const output = await startOutput(growing(`${folder}/a.log`));
    await write(output, 1);
    renameSync(`${folder}/a.log`, `${folder}/b.log`);
    vi.setSystemTime(Date.now() - 86_400_000);
    vi.advanceTimersByTime(1001);
    vi.setSystemTime(Date.now() - 86_400_000);
    await write(output, 2);
    expect(readFileSync(`${folder}/a.log`, 'utf8')).toBe(lines(2));
  });
});

describe('append false', () => {
  const config = (folder: string) => growing(`${folder}/a.log`, 'append false');

  test('the next start cuts off what a crash has left unfinished', async () => {
    const folder = temporaryFolder();
    const first = await startOutput(config(folder));
    await write(first, 1, 2);
    await first.stop();
    appendFileSync(`${folder}/a_0.log`, '{"n":');
    const second = await startOutput(config(folder));
    await write(second, 3);
    expect(readFileSync(`${folder}/a_0.log`, 'utf8')).toBe(lines(1, 2));
    expect(readFileSync(`${folder}/a_1.log`, 'utf8')).toBe(lines(3));
    expect(counters(second.output).repaired_bytes).toBe(5);
  });

  test('with a buffer before it each chunk has its file', async () => {
    const folder = temporaryFolder();
    const buffer = '<buffer []>\n@type memory\n</buffer>';
    const output = await startOutput(growing(`${folder}/a.log`, `append false\n${buffer}`));
    await write(output, 1);
    await write(output, 2);
    expect(filesIn(folder)).toEqual(['a_0.log', 'a_1.log']);
  });
});

const isLinux = process.platform === 'linux';

describe.skipIf(!isLinux)('what cannot be written to for now is logged once', () => {
  test('a file that another process has locked', async () => {
    const folder = temporaryFolder();
    const output = await startOutput(growing(`${folder}/a.log`));
    const holder = spawn('flock', [`${folder}/a.log`, 'sh', '-c', 'echo locked; read line']);
    onTestFinished(() => void holder.kill());
    await once(holder.stdout, 'data');
    const written = write(output, 1);
    await vi.waitFor(() => expect(warnings(output)).toHaveLength(1), { timeout: 5000 });
    expect(warnings(output)[0]).toContain(`another process has locked ${folder}/a.log`);
    holder.stdin.end('\n');
    await written;
    expect(readFileSync(`${folder}/a.log`, 'utf8')).toBe(lines(1));
    expect(warnings(output)).toHaveLength(1);
  });

  test('a pipe that nobody reads from', async () => {
    const folder = temporaryFolder();
    execFileSync('mkfifo', [`${folder}/a.log`]);
    const output = await startOutput(growing(`${folder}/\${tag}.log`, '<buffer tag>\n</buffer>'));
    const written = output.output.write('a', stream({ n: 1 }));
    await vi.waitFor(() => expect(warnings(output)).toHaveLength(1));
    expect(warnings(output)[0]).toContain('events wait, unacknowledged');
    expect(JSON.stringify(output.log[0].fields)).toContain('nobody reads from');
    const reader = spawn('cat', [`${folder}/a.log`]);
    onTestFinished(() => void reader.kill());
    const read = once(reader.stdout, 'data') as Promise<[Buffer]>;
    await written;
    expect((await read)[0].toString()).toBe(lines(1));
    expect(warnings(output)).toHaveLength(1);
  });
});

test.skipIf(!isLinux)('many files that wait are no reason for a warning of Node', async () => {
  const folder = temporaryFolder();
  const heard: string[] = [];
  const hear = ({ name }: Error): void => void heard.push(name);
  process.on('warning', hear);
  onTestFinished(() => void process.off('warning', hear));
  const tags = Array.from({ length: 15 }, (_, n) => `tag${n}`);
  for (const tag of tags) execFileSync('mkfifo', [`${folder}/${tag}.log`]);
  const output = await startOutput(growing(`${folder}/\${tag}.log`, '<buffer tag>\n</buffer>'));
  const written = tags.map((tag) => output.output.write(tag, stream({ n: 1 })));
  await vi.waitFor(() => expect(warnings(output).length).toBeGreaterThan(0));
  const readers = tags.map((tag) => spawn('cat', [`${folder}/${tag}.log`]));
  onTestFinished(() => readers.forEach((reader) => void reader.kill()));
  await Promise.all(written.map((kept) => Promise.resolve(kept)));
  expect(heard).toEqual([]);
});

test('folders that several outputs make at the same time', async () => {
  const folder = temporaryFolder();
  mkdirSync(`${folder}/x`);
  const outputs = await Promise.all(
    Array.from({ length: 8 }, (_, n) => startOutput(growing(`${folder}/x/a/b/c/d/${n}/a.log`))),
  );
  await Promise.all(outputs.map((output) => write(output, 1)));
  expect(filesIn(folder)).toHaveLength(8);
  expect(outputs.flatMap(warnings)).toEqual([]);
});
