import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { encodePackedForward } from '@sluice/forward-protocol';
import { expect, test } from 'vitest';
import { AgentProcess, temporaryFolder } from '../support/agent-process.js';

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
    const text = `<source>\n@type forward\nunix_path ${socket}\n</source>\n<match **>\n@type note\n</match>\n`;
    const agent = await AgentProcess.embedded(text, folder, file('note.mjs'), workers);
    const send = async (tag: string): Promise<void> => {
      const client = net.connect(socket);
      client.write(encodePackedForward(tag, [{ time: 1, record: {} }], { chunk: tag }));
      await once(client, 'data');
      client.destroy();
    };
    await send('one');
    writeFileSync(file('note.mjs'), plugin('new'));
    expect(await agent.ask('reload')).toEqual({ reloaded: true, error: null });
    await expect
      .poll(async () => (await send('two'), readFileSync(file('notes'), 'utf8')))
      .toMatch(/new two/);
    writeFileSync(file('note.mjs'), 'export default 1;');
    expect(await agent.ask('reload')).toMatchObject({
      error: expect.stringContaining('no plugin definition'),
    });
    await send('three');
    const exited = once(agent.child, 'exit');
    expect(await agent.ask('stop')).toEqual({ stopped: true });
    expect(((await exited) as [number])[0]).toBe(0);
    expect(readFileSync(file('notes'), 'utf8')).toMatch(/^old one\n[^]*new three\n$/);
    expect(existsSync(socket)).toBe(false);
  },
  60_000,
);
