import { setImmediate as turn } from 'node:timers/promises';
import { parseConfig } from '@sluice/config';
import { expect, test } from 'vitest';
import { LogEvents, logRoutes } from '../src/routing/log-events.js';
import { createLog } from '@sluice/log';
import { TestPipeline } from './support/pipeline.js';

function start(configuration: string) {
  const { kept, pipeline } = new TestPipeline(configuration);
  const router = logRoutes(parseConfig(configuration).elements, pipeline);
  const log = createLog({ write: () => undefined });
  const events = router && new LogEvents(router);
  log.onLine = events?.add;
  return { pipeline, records: () => kept.get('k') ?? [], log, events };
}

const label = '<label @FLUENT_LOG>\n<match **>\n@type keep\n@id k\n</match>\n</label>\n';

test('the lines of the log are events of <label @FLUENT_LOG>, from the start on', async () => {
  const { log, events, records } = start(label);
  log.info({ pid: 3 }, 'before the start');
  await turn();
  expect(records()).toEqual([]);
  events!.open();
  log.child({ plugin: 'in_0' }).warn({ err: new Error('why') }, 'refused');
  log.debug({}, 'not at this level');
  await turn();
  expect(records()).toEqual([
    ['fluent.info', { pid: 3, message: 'before the start pid=3' }],
    ['fluent.warn', { err: 'why', plugin: 'in_0', message: 'refused err="why"' }],
  ]);
  log.info({}, 'last');
  events!.close();
  log.info({}, 'too late');
  await turn();
  expect(records().slice(2)).toEqual([['fluent.info', { message: 'last' }]]);
});

test('a <match> that names them gets them at the top level, <match **> does not', async () => {
  const named = start('<match fluent.**>\n@type keep\n@id k\n</match>\n');
  named.events!.open();
  named.log.error({}, 'x');
  await turn();
  expect(named.records()).toEqual([['fluent.error', { message: 'x' }]]);
  expect(start('<match **>\n@type keep\n@id k\n</match>\n').events).toBeUndefined();
});

test('what routing them causes is not given again, and floods are bounded', async () => {
  const { log, events, records, pipeline } = start(label);
  const routes = pipeline.labels.get('@FLUENT_LOG')!;
  let emits = 0;
  const router = {
    emit: (...args: Parameters<typeof routes.emit>) => {
      emits += 1;
      log.warn({ emits }, 'at once');
      queueMicrotask(() => log.warn({ emits }, 'soon'));
      setImmediate(() => log.warn({ emits }, 'later'));
      return routes.emit(...args);
    },
  };
  const looping = new LogEvents(router);
  log.onLine = looping.add;
  looping.open();
  log.info({}, 'one');
  for (let i = 0; i < 5; i++) await turn();
  expect([emits, records().length]).toEqual([1, 1]);
  looping.close();

  log.onLine = events!.add;
  for (let i = 0; i < 5000; i++) log.info({ i }, 'many');
  events!.open();
  await turn();
  expect(records()).toHaveLength(1001);
});
