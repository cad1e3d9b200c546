import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { encodePackedForward } from '@sluice/forward-protocol';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../support/agent-process.js';

const program = path.join(import.meta.dirname, '../fixtures/embedding.mjs');

/** An output that appends each tag, after a word of its own, to a file. */
const plugin = (word: string): string => `
  import { appendFileSync } from 'node:fs';
  import { defineSection } from '@sluice/config';
  import { defineOutput, KEPT, Output } from '@sluice/plugin';
  class Note extends Output {
    write(tag) {
      appendFileSync(new URL('notes', import.meta.url), '${word} ' + tag + '\\n');
      return KEPT;
    }
  }
  export default defineOutput({
    type: 'note',
    description: 'Notes tags.',
    section: defineSection({ name: 'match' }),
    create: (config, context) => new Note(context),
  });
`;

test.each([1, 2])(
  'a program runs %d workers with a plugin module, and a reload loads the changed module',
  async (workers) => {
    const folder = temporaryFolder();
    const file = (name: string): string => path.join(folder, name);
    const socket = file('in.sock');
    writeFileSync(file('note.mjs'), plugin('old'));
    writeFileSync(
      file('sluice.conf'),
      `<source>\n@type forward\nunix_path ${socket}\n</source>\n<match **>\n@type note\n</match>\n`,
    );
    const child = fork(program, [file('sluice.conf'), file('note.mjs'), String(workers)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const say = async (message: string): Promise<unknown> => {
      const answered = once(child, 'message');
      child.send(message);
      return ((await answered) as [unknown])[0];
    };
    const send = async (tag: string): Promise<void> => {
      const client = net.connect(socket);
      client.write(encodePackedForward(tag, [{ time: 1, record: {} }], { chunk: tag }));
      await once(client, 'data');
      client.destroy();
    };
    expect(((await once(child, 'message')) as [unknown])[0]).toEqual({ ready: true });
    await send('one');
    writeFileSync(file('note.mjs'), plugin('new'));
    expect(await say('reload')).toEqual({ reloaded: true, error: null });
    await expect
      .poll(async () => (await send('two'), readFileSync(file('notes'), 'utf8')))
      .toMatch(/new two/);
    writeFileSync(file('note.mjs'), 'export default 1;');
    expect(await say('reload')).toMatchObject({
      error: expect.stringContaining('no plugin definition'),
    });
    await send('three');
    const exited = once(child, 'exit');
    expect(await say('stop')).toEqual({ stopped: true });
    expect(((await exited) as [number])[0]).toBe(0);
    expect(readFileSync(file('notes'), 'utf8')).toMatch(/^old one\n[^]*new three\n$/);
    expect(existsSync(socket)).toBe(false);
  },
);
