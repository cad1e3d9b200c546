import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigError, defineSection } from '@sluice/config';
import { EventStream } from '@sluice/event-stream';
import { defineOutput, KEPT, Output, type Keeping } from '@sluice/plugin';
import { expect, onTestFinished, test } from 'vitest';
import { runAgent, type EmbeddedAgent } from '../src/index.js';
import { temporaryFolder } from './support/agent-process.js';

const events = (...numbers: number[]): EventStream =>
  EventStream.fromEvents(numbers.map((n) => ({ time: 1, record: { n } })));

/** A definition of an output that notes what it was given. */
function noting(): { definition: ReturnType<typeof defineOutput>; notes: unknown[] } {
  const notes: unknown[] = [];
  class Note extends Output {
    write(tag: string, stream: EventStream): Keeping {
      for (const { record } of stream) notes.push([tag, record]);
      return KEPT;
    }
    override close(): void {
      notes.push('closed');
    }
  }
  const definition = defineOutput({
    type: 'note',
    description: 'Notes events.',
    section: defineSection({ name: 'match' }),
    create: (_config, context) => new Note(context),
  });
  return { definition, notes };
}

const quiet = { write: () => undefined };
const started = async (options: Parameters<typeof runAgent>[0]): Promise<EmbeddedAgent> => {
  const agent = await runAgent({ log: quiet, ...options, workers: undefined });
  onTestFinished(() => agent.stop().then(() => undefined));
  return agent;
};

test('a program runs a pipeline with a plugin of its own, feeds it, and stops it', async () => {
  const { definition, notes } = noting();
  const agent = await started({
    config: { text: '<match **>\n@type note\n</match>' },
    plugins: [definition],
  });
  expect(agent.router.emit('a', events(1, 2))).toBe(KEPT);
  expect(await agent.stop()).toBe(true);
  expect(notes).toEqual([['a', { n: 1 }], ['a', { n: 2 }], 'closed']);
});

test('its servers are known, and a reload reads the file anew', async () => {
  const { definition, notes } = noting();
  const config = path.join(temporaryFolder(), 'sluice.conf');
  const source = '<source>\n@type forward\nbind 127.0.0.1\nport 0\n</source>\n';
  writeFileSync(config, `${source}<match **>\n@type null\n</match>`);
  const agent = await started({ config, plugins: [definition] });
  expect(agent.servers()).toContainEqual(
    expect.objectContaining({ plugin: 'forward_0', protocol: 'tcp' }),
  );
  void agent.router.emit('a', events(1));
  writeFileSync(config, `${source}<match **>\n@type note\n</match>`);
  await agent.reload();
  void agent.router.emit('a', events(2));
  expect(notes).toEqual([['a', { n: 2 }]]);
});

test('a reload with a mistake is reported, and the old configuration runs on', async () => {
  const { definition, notes } = noting();
  const config = path.join(temporaryFolder(), 'sluice.conf');
  writeFileSync(config, '<match **>\n@type note\n</match>');
  const agent = await started({ config, plugins: [definition] });
  writeFileSync(config, '<match **>\n@type noote\n</match>');
  await expect(agent.reload()).rejects.toThrow(ConfigError);
  writeFileSync(config, '<match **>\n@type file\npath /proc/no/such.log\n</match>');
  await expect(agent.reload()).rejects.toThrow(ConfigError);
  void agent.router.emit('a', events(3));
  expect(notes.at(-1)).toEqual(['a', { n: 3 }]);
});

test('a wrong configuration is a ConfigError that names the place', async () => {
  const wrong = runAgent({ config: { text: '<match **>\n@type nothing_such\n</match>' } });
  await expect(wrong).rejects.toMatchObject({ name: 'ConfigError', line: 2 });
});

test('worker processes need files and modules, and say so', async () => {
  const { definition } = noting();
  const text = { text: '<match **>\n@type null\n</match>' };
  await expect(runAgent({ config: text, workers: 1 })).rejects.toThrow(/a file.*not a text/);
  await expect(runAgent({ config: 'a.conf', workers: 1, plugins: [definition] })).rejects.toThrow(
    /paths or packages/,
  );
  await expect(runAgent({ config: 'a.conf', workers: 0 })).rejects.toThrow(RangeError);
});
