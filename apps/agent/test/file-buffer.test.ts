import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { EventStream } from '@sluice/event-stream';
import { expect, test } from 'vitest';
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
