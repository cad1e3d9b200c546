import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { encodeValue, EventStream, EventTime } from '@sluice/event-stream';
import { describe, expect, test } from 'vitest';
import { safeName } from '../src/path-template.js';
import {
  counters,
  filesIn,
  growing,
  makeOutput,
  startOutput,
  stream,
  temporaryFolder,
} from './support/file-output.js';

const seconds = Date.UTC(2026, 10, 22, 8, 33, 0) / 1000;
const event = (offset: number, record: Record<string, unknown> = { offset }) => ({
  time: new EventTime(seconds + offset, 0),
  record,
});

/** The files that one event makes. */
async function filesFor(lines: string, tag = 'app.web.test', workerId = 0): Promise<string[]> {
  const folder = temporaryFolder();
  const { output, stop } = await startOutput(lines.replaceAll('$FOLDER', folder), { workerId });
  await output.write(tag, stream(event(0)));
  await stop();
  return filesIn(folder);
}

const utc = '<buffer time>\ntimekey_use_utc\n</buffer>';

describe('the path of a file', () => {
  // What Fluentd 1.19.3 names the files of the same section, for the first chunk of each.
  test.each([
    [`path $FOLDER/a\n${utc}`, 'a.20261122_0.log'],
    [`path $FOLDER/a\nappend true\n${utc}`, 'a.20261122.log'],
    [`path $FOLDER/a.txt\n${utc}`, 'a.txt.20261122_0.log'],
    [`path $FOLDER/a\npath_suffix .json\n${utc}`, 'a.20261122_0.json'],
    [`path $FOLDER/a\nadd_path_suffix false\n${utc}`, 'a.20261122_0'],
    [`path $FOLDER/a\ncompress gzip\n${utc}`, 'a.20261122_0.log.gz'],
    [`path $FOLDER/a\ncompress gz\nappend true\n${utc}`, 'a.20261122.log.gz'],
    [`path $FOLDER/a.*.x\n${utc}`, 'a.20261122_0.x'],
    [`path $FOLDER/a.*.x\nappend true\ncompress gzip\n${utc}`, 'a.20261122.x.gz'],
    [`path $FOLDER/a.%Y-%m-%d\n${utc}`, 'a.2026-11-22_0.log'],
    [`path $FOLDER/%Y/%m/%d/a\nappend true\n${utc}`, '2026/11/22/a.log'],
    ['path $FOLDER/a\n<buffer []>\n</buffer>', 'a_0.log'],
    ['path $FOLDER/a\nappend true\n<buffer []>\n</buffer>', 'a.log'],
    ['path $FOLDER/${tag}\n<buffer tag>\n</buffer>', 'app.web.test_0.log'],
    [
      'path $FOLDER/${tag[0]}/${tag[1]}\n<buffer tag,time>\ntimekey 1h\ntimekey_use_utc\n</buffer>',
      'app/web.2026112208_0.log',
    ],
    [
      'path $FOLDER/a\n<buffer time>\ntimekey 10m\ntimekey_zone +09:00\n</buffer>',
      'a.202611221730_0.log',
    ],
    [
      'path $FOLDER/a.%Y%m%d%H.%M\n<buffer time>\ntimekey 1h\ntimekey_use_utc\n</buffer>',
      'a.2026112208.00_0.log',
    ],
    [
      'path $FOLDER/a.*.x\n<buffer time>\ntimekey 30\ntimekey_use_utc\n</buffer>',
      'a.20261122083300_0.x',
    ],
    ['path $FOLDER/a\ntime_slice_format %Y%m%d%H\nutc true', 'a.2026112208_0.log'],
    ['path $FOLDER/a.*\ntime_slice_format %Y-%m-%d\nutc true', 'a.2026-11-22_0'],
    ['path $FOLDER/a\ntimezone -09:00', 'a.20261121_0.log'],
  ])('%j', async (lines, file) => {
    expect(await filesFor(lines)).toEqual([file]);
  });

  test.each([
    ['path $FOLDER/${tag[0]}/${tag[-1]}/${tag[9]}', 'app/test/_.log'],
    ['path $FOLDER/${worker_id}/a', '2/a.log'],
    ['path $FOLDER/a\n<buffer tag>\n</buffer>', 'a.log'],
    ['path $FOLDER/100%%', '100%.log'],
    ['path $FOLDER/a.%H%M', 'a.0833.log'],
  ])('what Fluentd does not take: %j', async (lines, file) => {
    const buffer = lines.includes('<buffer') ? '' : '\n<buffer []>\n</buffer>';
    process.env.TZ = 'UTC';
    expect(await filesFor(`${lines}\nappend true${buffer}`, 'app.web.test', 2)).toEqual([file]);
  });

  test.each([
    ['path $FOLDER/a.%Q', 'path: "%Q" is not a directive', 2],
    ['path $FOLDER/${host}', 'placeholder ${host} is not supported', 2],
    ['path $FOLDER/${tag', 'is not closed', 2],
    ['path $FOLDER/a.*\n<buffer []>\n</buffer>', '* in the path needs <buffer time>', 2],
    ['path $FOLDER/a.%Y', 'but not %m %d of its timekey', 2],
    ['path $FOLDER/${user}\n<buffer time, host>\n</buffer>', '${user} is not supported', 2],
    ['path $FOLDER/${chunk_id}\n<buffer []>\n</buffer>', '${chunk_id} is not supported', 2],
    ['path $FOLDER/a\n<buffer time>\ntimekey_zone Mars\n</buffer>', '"Mars" is not a time zone', 4],
    ['path $FOLDER/a\ncompress zip', 'compress: expected one of', 3],
    ['path $FOLDER/a\nfile_permission 999', 'octal', 3],
    ['path $FOLDER/a\ntime_slice_format %Y\nutc true', 'not fine enough', 3],
  ])('%j is refused', (lines, message, line) => {
    expect(() => makeOutput(lines)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(message) as string, line }),
    );
  });

  test.each([
    ['', undefined],
    ['<buffer>\n</buffer>', undefined],
    ['<buffer time, tag>\ntimekey 1h\ntimekey_use_utc true\n</buffer>', undefined],
    ['<buffer []>\nflush_interval 1s\n</buffer>', '[]: file, /tmp/x.buffer'],
    ['<buffer>\ntimekey_wait 1m\n</buffer>', 'time: file, /tmp/x.buffer'],
    ['<buffer user>\n</buffer>', 'user: file, /tmp/x.buffer'],
    ['<buffer>\n@type file\npath /tmp/b\n</buffer>', 'time: file, /tmp/b'],
    ['<buffer>\n@type memory\n</buffer>', 'time: memory, none'],
    ['<secondary>\n@type null\n</secondary>', 'time: file, /tmp/x.buffer'],
    ['buffer_type file\nbuffer_path /tmp/b.*', 'time: file, /tmp/b.*'],
    ['flush_interval 1s', 'time: file, /tmp/x.buffer'],
    ['time_slice_format %Y%m%d%H', undefined],
  ])('%j: the buffer before it', (lines, expected) => {
    const { buffer } = makeOutput(`path /tmp/x_%Y%m%d%H\n${lines}`);
    const text = buffer && `${buffer.arg}: ${buffer.type}, ${buffer.get('path') ?? 'none'}`;
    expect(text).toBe(expected);
  });

  test('a chunk says where its events go', async () => {
    const folder = temporaryFolder();
    const { output, stop } = await startOutput(
      `path ${folder}/\${tag}/\${user}-\${$.a.b}-\${chunk_id}.%Y%m%d%H
      append true
      <buffer time, tag, user, $.a.b>
        timekey 1h
        timekey_use_utc true
        flush_mode lazy
      </buffer>`,
    );
    const variables = { user: '../x', '$.a.b': '' };
    const metadata = { tag: 'app', timekey: Date.UTC(2026, 0, 2, 3) / 1000, variables };
    await output.write('app', stream(event(0)), { id: 'c0ffee', metadata });
    await stop();
    expect(filesIn(folder)).toEqual(['app/.._x--c0ffee.2026010203.log']);
  });
});

describe('a tag cannot lead out of its place', () => {
  test.each([
    ['../../etc/x', '.._.._etc_x.log'],
    ['..', '__.log'],
    ['.', '_.log'],
    ['', '_.log'],
    ['a/b\\c\0d\n', 'a_b_c_d_.log'],
    ['%Y', '%Y.log'],
    ['${tag}', '${tag}.log'],
    ['/etc/passwd', '_etc_passwd.log'],
  ])('%j', async (tag, file) => {
    expect(await filesFor(growing('$FOLDER/in/${tag}'), tag)).toEqual([`in/${file}`]);
    const inside = await filesFor(growing('$FOLDER/in/${tag}/x'), tag);
    expect(inside).toEqual([`in/${file.slice(0, -4)}/x.log`]);
  });

  test('parts of a tag cannot make .. together', async () => {
    expect(await filesFor(growing('$FOLDER/in/${tag[5]}.${tag[6]}./x'), 'a')).toEqual([
      'in/__/x.log',
    ]);
  });

  test('a long tag is cut, and stays unlike others', async () => {
    const [a, b] = ['x', 'y'].map((end) => safeName(`${'ü'.repeat(300)}${end}`));
    expect(Buffer.byteLength(a)).toBeLessThanOrEqual(160);
    expect(a).not.toBe(b);
    expect(await filesFor(growing('$FOLDER/${tag}'), 'long'.repeat(100))).toHaveLength(1);
  });
});

describe('events go to the file of their own time', () => {
  test('in one message, late and early, each file in the order of arrival', async () => {
    const folder = temporaryFolder();
    process.env.TZ = 'UTC';
    const { output, stop } = await startOutput(growing(`${folder}/%H%M`));
    const offsets = [0, 1, 60, 2, 3600, 61, -1, 59, 7200];
    await output.write('t', stream(...offsets.map((offset) => event(offset))));
    await stop();
    const kept = Object.fromEntries(
      filesIn(folder).map((file) => [file, readFileSync(path.join(folder, file), 'utf8')]),
    );
    const lines = (...list: number[]) => list.map((offset) => `{"offset":${offset}}\n`).join('');
    expect(kept).toEqual({
      '0832.log': lines(-1),
      '0833.log': lines(0, 1, 2, 59),
      '0834.log': lines(60, 61),
      '0933.log': lines(3600),
      '1033.log': lines(7200),
    });
    expect(counters(output).events).toBe(offsets.length);
  });

  test('times that no calendar has do no harm', async () => {
    const folder = temporaryFolder();
    const { output } = await startOutput(growing(`${folder}/%Y/%m`));
    for (const time of [2 ** 32 - 1, -1, 1e300, -1e300, 2 ** 53, 0.5]) {
      const entry = Buffer.concat([Buffer.from([0x92]), encodeValue(time), encodeValue({ time })]);
      await output.write('t', EventStream.fromScanned(entry, 1));
    }
    expect(filesIn(folder).length).toBeGreaterThanOrEqual(4);
    expect(counters(output).events).toBe(6);
  });

  test('only so many files are open, and no event is lost by it', async () => {
    const folder = temporaryFolder();
    const { output } = await startOutput(growing(`${folder}/\${tag}`, 'max_open_files 3'));
    const pending: Promise<unknown>[] = [];
    for (let round = 0; round < 5; round += 1) {
      for (let n = 0; n < 20; n += 1)
        pending.push(Promise.resolve(output.write(`t${n}`, stream({ round }))));
    }
    await Promise.all(pending);
    expect(output.statistics().gauges?.open_files).toBeLessThanOrEqual(3);
    const files = filesIn(folder);
    expect(files).toHaveLength(20);
    for (const file of files) {
      const text = readFileSync(path.join(folder, file), 'utf8');
      expect(text).toBe([0, 1, 2, 3, 4].map((round) => `{"round":${round}}\n`).join(''));
    }
  });
});

describe('symlink_path', () => {
  test('leads to the newest file, not to one of a late event', async () => {
    const folder = temporaryFolder();
    const { output } = await startOutput(
      growing(`${folder}/a.%M.log`, `symlink_path ${folder}/links/now`),
    );
    await output.write('t', stream(event(60)));
    await output.write('t', stream(event(0)));
    expect(readlinkSync(`${folder}/links/now`)).toBe(`${folder}/a.34.log`);
    await output.write('t', stream(event(120)));
    expect(readFileSync(`${folder}/links/now`, 'utf8')).toBe('{"offset":120}\n');
    expect(existsSync(`${folder}/a.33.log`)).toBe(true);
  });

  test('may be relative, and there from the start', async () => {
    const folder = temporaryFolder();
    await startOutput(
      growing(`${folder}/logs/a`, `symlink_path ${folder}/now\nsymlink_path_use_relative`),
    );
    expect(readlinkSync(`${folder}/now`)).toBe('logs/a.log');
  });
});
