import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { BufferedOutput, bufferSection, fileStore } from '@sluice/buffer';
import { describeSection } from '@sluice/config';
import { EventStream } from '@sluice/event-stream';
import { describe, expect, test, vi } from 'vitest';
import { temporaryFolder } from './support/agent-process.js';
import { TestPipeline } from './support/pipeline.js';

const events = () => EventStream.fromEvents([{ time: 1_700_000_000, record: { n: 1 } }]);

test('<buffer time> with @type memory holds events for the file output, sliced all the same', async () => {
  const folder = temporaryFolder();
  const { pipeline, log } = new TestPipeline(`
    <match **>
      @type file
      path ${folder}/app.%Y%m%d
      append true
      <format>
        @type json
      </format>
      <buffer time>
        @type memory
        timekey 1d
        timekey_use_utc true
        flush_interval 1h
      </buffer>
    </match>
  `);
  const file = path.join(folder, 'app.20231114.log');
  await pipeline.start();
  await pipeline.routes.emit('app', events()); // kept: in the buffer
  expect(existsSync(file)).toBe(false);
  await pipeline.flush();
  expect(readFileSync(file, 'utf8')).toBe('{"n":1}\n');
  await pipeline.routes.emit('app', events());
  expect(await pipeline.stop()).toEqual([]); // flushes what is left
  expect(readFileSync(file, 'utf8')).toBe('{"n":1}\n{"n":1}\n');
  expect(log.filter(({ level }) => level >= 40)).toEqual([]);
});

/** The files of a folder whose name says that they are the output's, with their text. */
function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.log'));
  return Object.fromEntries(
    names.sort().map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]),
  );
}

const at = (text: string, n: number, user: string) => ({
  time: Date.parse(text) / 1000,
  record: { n, user },
});
const both = (): EventStream =>
  EventStream.fromEvents([
    at('2023-11-14T22:59:00Z', 1, 'a'),
    at('2023-11-14T23:01:00Z', 2, 'b'),
    at('2023-11-14T22:58:00Z', 3, 'a'),
  ]);

/** A file output whose files have the chunk keys of its buffer in their names. */
const buffered = (folder: string, more: string): string => `
  <match **>
    @type file
    path ${folder}/%Y%m%d%H-\${tag[1]}-\${user}
    append true
    <format>
      @type json
    </format>
    <buffer time, tag, user>
      @type file
      timekey 1h
      timekey_use_utc true
      ${more}
    </buffer>
  </match>
`;

test('<buffer time, tag, user> with @type file: a slice is written when it is over, under its keys', async () => {
  const folder = temporaryFolder();
  // Slices of 2023 are over: they are written as soon as they are there.
  const { pipeline, log } = new TestPipeline(buffered(folder, 'timekey_wait 0'));
  await pipeline.start();
  await pipeline.routes.emit('app.web', both());
  await vi.waitFor(() =>
    expect(filesOf(folder)).toEqual({
      '2023111422-web-a.log': '{"n":1,"user":"a"}\n{"n":3,"user":"a"}\n',
      '2023111423-web-b.log': '{"n":2,"user":"b"}\n',
    }),
  );
  expect(await pipeline.stop()).toEqual([]);
  expect(log.filter(({ level }) => level >= 40)).toEqual([]);
});

test('what waits in the files of a buffer is written to the files of the output after a restart', async () => {
  const folder = temporaryFolder();
  const first = new TestPipeline(buffered(folder, 'timekey_wait 10000d'));
  await first.pipeline.start();
  await first.pipeline.routes.emit('app.web', both());
  expect(await first.pipeline.stop()).toEqual([]);
  expect(filesOf(folder)).toEqual({});
  const second = new TestPipeline(buffered(folder, 'timekey_wait 0'));
  await second.pipeline.start();
  await vi.waitFor(() =>
    expect(Object.keys(filesOf(folder))).toEqual(['2023111422-web-a.log', '2023111423-web-b.log']),
  );
  expect(await second.pipeline.stop()).toEqual([]);
});

test('each chunk is a file of its own where append is false, as in Fluentd', async () => {
  const folder = temporaryFolder();
  const { pipeline } = new TestPipeline(`
    <match **>
      @type file
      path ${folder}/a
      <buffer []>
        flush_mode immediate
      </buffer>
    </match>
  `);
  await pipeline.start();
  await pipeline.routes.emit('app', events());
  await pipeline.routes.emit('app', events());
  await vi.waitFor(() => expect(Object.keys(filesOf(folder))).toEqual(['a_0.log', 'a_1.log']));
  expect(await pipeline.stop()).toEqual([]);
});

test('what the files do not take goes to <secondary>', async () => {
  const folder = temporaryFolder();
  const { pipeline } = new TestPipeline(`
    <match **>
      @type file
      path ${folder}/\${tag}/x
      <buffer []>
        path ${folder}/waiting
        flush_mode immediate
        retry_max_times 0
      </buffer>
      <secondary>
        @type secondary_file
        directory ${folder}/undelivered
        basename a
      </secondary>
    </match>
  `);
  await pipeline.start();
  await pipeline.routes.emit('t'.repeat(100), events());
  await vi.waitFor(() => expect(readdirSync(folder)).toContain('t'.repeat(100)));
  // A file where a folder should be is nothing that waiting mends.
  writeFileSync(path.join(folder, 'app'), '');
  await pipeline.routes.emit('app', events());
  await vi.waitFor(() => expect(readdirSync(path.join(folder, 'undelivered'))).toEqual(['a.0']));
  expect(await pipeline.stop()).toEqual([]);
});

describe('a parameter of <buffer> that is about waiting puts a buffer before the file output', () => {
  const slices = ['timekey', 'timekey_use_utc', 'timekey_zone'];
  const values: Record<string, string> = {
    string: 'text',
    enum: 'text',
    bool: 'true',
    time: '1s',
    size: '1k',
    integer: '1',
    float: '1',
  };
  const sections = [bufferSection, fileStore.section];
  const params = sections.flatMap((section) => describeSection(section).params);
  test.each(params.filter(({ name }) => !slices.includes(name)))('$name', (param) => {
    const folder = temporaryFolder();
    const value = param.values?.[0] ?? (param.name.endsWith('permission') ? '0600' : undefined);
    const { pipeline } = new TestPipeline(`
      <match **>
        @type file
        path ${folder}/a
        <buffer time>
          ${param.name} ${value ?? values[param.type]}
        </buffer>
      </match>
    `);
    expect(pipeline.outputs.some((output) => output instanceof BufferedOutput)).toBe(true);
  });
});

test('under root_dir, the buffer of an output with an @id has a folder of its own without a path', async () => {
  const rootDir = temporaryFolder();
  const output = (more: string) => `
    <match **>
      @type keep
      ${more}
      <buffer>
        @type file
        flush_interval 1h
      </buffer>
    </match>
  `;
  const { pipeline } = new TestPipeline(output('@id mine'), { rootDir });
  await pipeline.start();
  await pipeline.routes.emit('app', events());
  expect(await pipeline.stop()).toEqual([]);
  const folder = path.join(rootDir, 'mine/buffer/worker0');
  expect(readdirSync(folder).filter((name) => name.endsWith('.log'))).toHaveLength(1);
  // Where it is not known which output it was, nothing could be found again after a change.
  expect(() => new TestPipeline(output(''), { rootDir })).toThrow('path is required in <buffer>');
  expect(() => new TestPipeline(output('@id mine'))).toThrow('path is required in <buffer>');
});
