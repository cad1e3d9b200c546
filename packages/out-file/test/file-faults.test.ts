import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { encodeValue } from '@sluice/event-stream';
import {
  counters,
  filesIn,
  growing,
  lines,
  startOutput,
  stream,
  temporaryFolder,
  write,
} from './support/file-output.js';

/** A file that an output with this configuration has written, and what it held. */
async function writtenFile(config: string): Promise<{ file: string; whole: Buffer }> {
  const folder = temporaryFolder();
  const output = await startOutput(growing(`${folder}/a.x`, config));
  await write(output, 1, 2, 3);
  await write(output, 4);
  await output.stop();
  const file = `${folder}/${filesIn(folder)[0]}`;
  return { file, whole: readFileSync(file) };
}

describe('a record that a crash has cut in the middle', () => {
  const formats: [string, string, (file: string) => string][] = [
    ['lines', '', (file) => readFileSync(file, 'utf8')],
    ['gzip', 'compress gzip', (file) => gunzipSync(readFileSync(file)).toString()],
    [
      'msgpack',
      '<format>\n@type msgpack\n</format>',
      (file) => {
        const bytes = readFileSync(file);
        const numbers = bytes.filter((_byte, index) => index % 4 === 3);
        return lines(...numbers);
      },
    ],
  ];

  test.each(formats)('%s: is cut off at the next start, wherever it was cut', async (...given) => {
    const [, config, read] = given;
    const { file, whole } = await writtenFile(config);
    const folder = file.slice(0, file.lastIndexOf('/'));
    const restart = async () => {
      const output = await startOutput(growing(`${folder}/a.x`, config));
      const after = readFileSync(file);
      await write(output, 9);
      await output.stop();
      return { after, stats: counters(output.output), log: output.log };
    };
    // Where single records end: after the last of them nothing is to be cut.
    await restart();
    const longer = readFileSync(file);
    for (let size = whole.length; size < longer.length; size += 1) {
      writeFileSync(file, longer.subarray(0, size));
      const { after, stats, log } = await restart();
      expect(after).toEqual(whole);
      expect(stats.repaired_bytes).toBe(size - whole.length);
      expect(log.filter(({ level }) => level === 'warn')).toHaveLength(size > whole.length ? 1 : 0);
      expect(read(file)).toBe(lines(1, 2, 3, 4, 9));
    }
  });

  test.each(formats)('%s: is cut off even when another process left it', async (...given) => {
    const [, config, read] = given;
    const { file, whole } = await writtenFile(config);
    const folder = file.slice(0, file.lastIndexOf('/'));
    const running = await startOutput(growing(`${folder}/a.x`, config));
    await write(running, 5);
    const other = await startOutput(growing(`${folder}/a.x`, config));
    await write(other, 6);
    appendFileSync(file, whole.subarray(0, 3)); // and here it dies
    await write(running, 7);
    await write(other, 8);
    expect(read(file)).toBe(lines(1, 2, 3, 4, 5, 6, 7, 8));
    expect(counters(running.output).repaired_bytes).toBe(3);
  });

  test('a line longer than the block that is read', async () => {
    const folder = temporaryFolder();
    const kept = lines(1);
    writeFileSync(`${folder}/a.log`, kept + 'x'.repeat(700_000));
    const output = await startOutput(growing(`${folder}/a.log`));
    await write(output, 2);
    expect(readFileSync(`${folder}/a.log`, 'utf8')).toBe(lines(1, 2));
  });

  test('a large record of MessagePack over several blocks', async () => {
    const folder = temporaryFolder();
    const records = Array.from({ length: 6 }, (_, n) => encodeValue({ n, x: 'y'.repeat(150_000) }));
    const whole = Buffer.concat(records);
    writeFileSync(`${folder}/a.mp`, Buffer.concat([whole, records[0].subarray(0, 140_000)]));
    await startOutput(growing(`${folder}/a.mp`, `<format>\n@type msgpack\n</format>`));
    expect(readFileSync(`${folder}/a.mp`).equals(whole)).toBe(true);
  });

  test.each([
    ['gzip', 'compress gzip', 'a.log.gz', 'not gzip at all, and longer than a head'],
    ['msgpack', '<format>\n@type msgpack\n</format>', 'a.log', 'text'],
  ])('%s: a file of somebody else is not cut', async (_name, config, file, text) => {
    const folder = temporaryFolder();
    writeFileSync(`${folder}/${file}`, text);
    const output = await startOutput(growing(`${folder}/a.log`, config));
    await write(output, 1);
    expect(readFileSync(`${folder}/${file}`, 'latin1').startsWith(text)).toBe(true);
    expect(output.log.map(({ text: line }) => line)).toEqual([
      expect.stringContaining('only appended to'),
    ]);
  });
});

describe.skipIf(!existsSync('/dev/full'))('a full disk', () => {
  /** An output whose disk is full until `mend` is called. */
  async function full(config = '') {
    const folder = temporaryFolder();
    symlinkSync('/dev/full', `${folder}/a.log`);
    const test = await startOutput(growing(`${folder}/a.log`, config));
    const mend = () => {
      writeFileSync(`${folder}/real`, '');
      rmSync(`${folder}/a.log`);
      renameSync(`${folder}/real`, `${folder}/a.log`);
    };
    return { ...test, mend, read: () => readFileSync(`${folder}/a.log`, 'utf8') };
  }

  test('events wait, one warning says so, and are kept when there is space again', async () => {
    const { output, log, mend, read } = await full();
    let done = 0;
    const writes = [1, 2, 3].map(async (n) => {
      await output.write('t', stream({ n }));
      done += 1;
    });
    await vi.waitFor(() => expect(counters(output).retries).toBeGreaterThan(2), 10_000);
    expect(done).toBe(0);
    expect(counters(output)).toMatchObject({ failing_files: 1, events: 0, waiting_bytes: 24 });
    expect(log.filter(({ level }) => level === 'warn')).toEqual([
      { level: 'warn', fields: expect.anything() as unknown, text: expect.anything() as unknown },
    ]);
    expect(log[0].fields.reason).toContain('ENOSPC');
    mend();
    await Promise.all(writes);
    expect(read()).toBe(lines(1, 2, 3));
    expect(counters(output)).toMatchObject({ failing_files: 0, events: 3, waiting_bytes: 0 });
    expect(log.at(-1)).toMatchObject({ level: 'info', fields: { retries: expect.any(Number) } });
  });

  test('what waits is bounded', async () => {
    const { output, log, mend } = await full('total_limit_size 20');
    const first = output.write('t', stream({ n: 1 }));
    const second = output.write('t', stream({ n: 2 }));
    for (const n of [3, 4]) {
      await expect(output.write('t', stream({ n }))).rejects.toMatchObject({
        code: 'ERR_SLUICE_FILE_OVERFLOW',
      });
    }
    expect(counters(output).refused_writes).toBe(2);
    expect(log.filter(({ text }) => text.includes('refused'))).toHaveLength(1);
    mend();
    await Promise.all([first, second]);
  });

  test('the process can stop: what waits is refused, not acknowledged', async () => {
    const { output, log, stop } = await full();
    const waiting = Promise.resolve(output.write('t', stream({ n: 1 })));
    const refused = expect(waiting).rejects.toMatchObject({ code: 'ENOSPC' });
    await vi.waitFor(() => expect(counters(output).retries).toBeGreaterThan(0));
    await stop();
    await refused;
    expect(counters(output)).toMatchObject({
      failing_files: 0,
      failed_writes: 1,
      waiting_bytes: 0,
    });
    expect(log.at(-1)?.text).toContain('not acknowledged');
  });

  test('a path that no waiting mends is an error at once', async () => {
    const folder = temporaryFolder();
    const { output } = await startOutput(`path ${folder}/\${tag}/x`);
    writeFileSync(`${folder}/file`, '');
    await expect(output.write('file', stream({ n: 1 }))).rejects.toMatchObject({
      code: expect.stringMatching(/ENOTDIR|EEXIST/) as string,
    });
    await output.write('folder', stream({ n: 1 }));
  });
});

describe('a file that is moved', () => {
  test('is opened anew by flush, as after logrotate', async () => {
    const folder = temporaryFolder();
    const output = await startOutput(growing(`${folder}/a.log`));
    await write(output, 1);
    renameSync(`${folder}/a.log`, `${folder}/old`);
    await output.output.flush();
    await write(output, 2);
    expect(readFileSync(`${folder}/a.log`, 'utf8')).toBe(lines(2));
    expect(readFileSync(`${folder}/old`, 'utf8')).toBe(lines(1));
  });

  test('is opened anew by itself, with its folder', async () => {
    const folder = temporaryFolder();
    const output = await startOutput(growing(`${folder}/sub/a.log`));
    await write(output, 1);
    rmSync(`${folder}/sub`, { recursive: true });
    await vi.waitFor(async () => {
      await write(output, 2);
      expect(existsSync(`${folder}/sub/a.log`)).toBe(true);
    }, 5000);
  });

  test('copytruncate leaves a file that goes on from its beginning', async () => {
    const folder = temporaryFolder();
    const output = await startOutput(growing(`${folder}/a.log`));
    await write(output, 1);
    truncateSync(`${folder}/a.log`, 0);
    await write(output, 2);
    expect(readFileSync(`${folder}/a.log`, 'utf8')).toBe(lines(2));
  });
});

describe('rotation by size', () => {
  test('numbered files stay below the size; the oldest go', async () => {
    const folder = temporaryFolder();
    const output = await startOutput(growing(`${folder}/a.log`, `rotate_size 20\nrotate_age 2`));
    for (let n = 1; n <= 9; n += 1) await write(output, n);
    expect(filesIn(folder)).toEqual(['a.log', 'a_2.log', 'a_3.log']);
    const text = ['a_2.log', 'a_3.log', 'a.log'].map((f) => readFileSync(`${folder}/${f}`, 'utf8'));
    expect(text).toEqual([lines(5, 6), lines(7, 8), lines(9)]);
    expect(counters(output.output).rotations).toBe(4);
  });

  test('events larger than the size have a file of their own', async () => {
    const folder = temporaryFolder();
    const output = await startOutput(growing(`${folder}/a.log`, `rotate_size 4`));
    for (const n of [1, 2, 3]) await write(output, n);
    expect(filesIn(folder)).toEqual(['a.log', 'a_0.log', 'a_1.log']);
  });

  test('append false: every start has a new file, and so has every full one', async () => {
    const folder = temporaryFolder();
    for (let start = 0; start < 2; start += 1) {
      const output = await startOutput(growing(`${folder}/a`, `append false\nrotate_size 20`));
      for (const n of [1, 2, 3]) await write(output, n);
      await output.stop();
    }
    expect(filesIn(folder)).toEqual(['a_0.log', 'a_1.log', 'a_2.log', 'a_3.log']);
    expect(readFileSync(`${folder}/a_2.log`, 'utf8')).toBe(lines(1, 2));
  });

  test('several writers of one path lose nothing and share the numbers', async () => {
    const folder = temporaryFolder();
    const config = growing(`${folder}/a.log`, `rotate_size 200`);
    const outputs = await Promise.all([1, 2, 3, 4].map(() => startOutput(config)));
    const numbers = Array.from({ length: 400 }, (_, n) => 1000 + n);
    await Promise.all(
      outputs.map(async (output, worker) => {
        for (const n of numbers.filter((number) => number % 4 === worker)) await write(output, n);
      }),
    );
    const text = filesIn(folder).map((file) => readFileSync(`${folder}/${file}`, 'utf8'));
    expect(text.join('').split('\n').filter(Boolean).sort()).toEqual(
      lines(...numbers)
        .split('\n')
        .filter(Boolean),
    );
    for (const file of filesIn(folder))
      expect(statSync(`${folder}/${file}`).size).toBeLessThan(400);
  });
});

describe('compress gzip', () => {
  test('what is acknowledged can be read at any time, by gzip too', async () => {
    const folder = temporaryFolder();
    const output = await startOutput(growing(`${folder}/a.log`, `compress gzip`));
    for (const n of [1, 2, 3]) {
      await write(output, n);
      expect(gunzipSync(readFileSync(`${folder}/a.log.gz`)).toString()).toBe(
        lines(...[1, 2, 3].slice(0, n)),
      );
    }
    const gzip = spawnSync('gzip', ['-tv', `${folder}/a.log.gz`]);
    if (gzip.error === undefined) expect(gzip.status).toBe(0);
  });
});

describe('writing together', () => {
  test('write_interval: one write, and one fsync, for all that came', async () => {
    const folder = temporaryFolder();
    const output = await startOutput(growing(`${folder}/a.log`, `fsync true\nwrite_interval 0.05`));
    await Promise.all([1, 2, 3].map((n) => write(output, n)));
    expect(counters(output.output)).toMatchObject({ writes: 1, events: 3 });
    expect(readFileSync(`${folder}/a.log`, 'utf8')).toBe(lines(1, 2, 3));
  });

  test('what waits for others is written when the output stops', async () => {
    const folder = temporaryFolder();
    const output = await startOutput(growing(`${folder}/a.log`, `write_interval 1h`));
    const waiting = write(output, 1);
    await output.stop();
    await waiting;
    expect(readFileSync(`${folder}/a.log`, 'utf8')).toBe(lines(1));
  });

  test('permissions are as configured', async () => {
    const folder = temporaryFolder();
    mkdirSync(`${folder}/x`);
    const before = process.umask(0);
    try {
      await startOutput(growing(`${folder}/y/a.log`, `file_permission 0600\ndir_permission 0700`));
    } finally {
      process.umask(before);
    }
    expect(statSync(`${folder}/y/a.log`).mode & 0o777).toBe(0o600);
    expect(statSync(`${folder}/y`).mode & 0o777).toBe(0o700);
  });
});
