import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { EventStream } from '@sluice/event-stream';
import { expect, test, vi } from 'vitest';
import { temporaryFolder } from './support/agent-process.js';
import { TestPipeline } from './support/pipeline.js';

test('a chunk that an output does not take goes to <secondary>, with its chunk keys', async () => {
  const folder = temporaryFolder();
  const made = new TestPipeline(`
    <match **>
      @type fail
      <buffer tag, user>
        flush_mode immediate
        retry_max_times 0
      </buffer>
      <secondary>
        @type secondary_file
        directory ${folder}/\${tag}
        basename \${user}
      </secondary>
    </match>
  `);
  expect(made.warnings()).toEqual([]);
  await made.pipeline.start();
  await made.emit('app', { user: 'a', n: 1 }, { user: 'b', n: 2 });
  await vi.waitFor(() => expect(readdirSync(path.join(folder, 'app'))).toEqual(['a.0', 'b.0']));
  await made.pipeline.stop();
  const read = (name: string): unknown =>
    [...EventStream.fromPacked(readFileSync(path.join(folder, 'app', name)))].map(
      ({ record }) => record.n,
    );
  expect([read('a.0'), read('b.0')]).toEqual([[1], [2]]);
});

test('parameters of the store and of the buffer are told apart, and others are warned of', () => {
  const folder = temporaryFolder();
  const made = new TestPipeline(`
    <match **>
      @type keep
      <buffer>
        @type file
        path ${folder}
        fsync false
        flush_interval 1s
        flush_intervall 1s
      </buffer>
    </match>
  `);
  expect(made.warnings()).toEqual([
    expect.stringMatching(/unknown parameter flush_intervall in <buffer>.*flush_interval/),
  ]);
});

test('parameters that only Fluentd needs have a warning each, and slow_flush_log_threshold has its effect', () => {
  const made = new TestPipeline(`
    <match **>
      @type keep
      slow_flush_log_threshold 5
      <buffer tag>
        @type file_single
        path ${temporaryFolder()}
        calc_num_records false
        chunk_format auto
        decompression_size_limit 1m
      </buffer>
    </match>
  `);
  expect(made.warnings()).toEqual([
    expect.stringContaining('calc_num_records'),
    expect.stringContaining('chunk_format'),
    expect.stringContaining('decompression_size_limit'),
  ]);
  const wrong = (): unknown =>
    new TestPipeline(`<match **>
      @type keep
      slow_flush_log_threshold soon
      <buffer>
      </buffer>
    </match>`);
  expect(wrong).toThrow(expect.objectContaining({ line: 3 }));
});

test('events wait in a file buffer while the pipeline is down', async () => {
  const folder = temporaryFolder();
  const text = (mode: string): string => `
    <match **>
      @type keep
      @id out
      <buffer>
        @type file
        path ${folder}
        flush_mode ${mode}
      </buffer>
    </match>
  `;
  const first = new TestPipeline(text('lazy'));
  await first.pipeline.start();
  await first.emit('app', { n: 1 });
  await first.pipeline.stop();
  expect(first.records('out')).toEqual([]);
  const second = new TestPipeline(text('immediate'));
  await second.pipeline.start();
  await vi.waitFor(() => expect(second.records('out')).toEqual([{ n: 1 }]));
  await second.pipeline.stop();
});
