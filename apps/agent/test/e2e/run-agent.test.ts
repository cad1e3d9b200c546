import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { encodePackedForward } from '@sluice/forward-protocol';
import { apiVersion } from '@sluice/plugin';
import { expect, test } from 'vitest';
import { AgentProcess, temporaryFolder } from '../support/agent-process.js';

/** An output that appends each tag, after a word of another file of its own, to a file. */
const plugin = `
  import { word } from './lib/word.mjs';
  import { appendFileSync } from 'node:fs';
  import { defineSection } from '@sluice/config';
  import { defineOutput, KEPT, Output } from '@sluice/plugin';
  class Note extends Output {
    write(tag) {
      appendFileSync(new URL('notes', import.meta.url), word + ' ' + tag + '\\n');
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

/** What the plugin imports, and what that imports in turn: only this changes. */
const wordFiles = (word: string): Record<string, string> => ({
  'lib/word.mjs': "export { word } from '../deep.mjs';",
  'deep.mjs': `export const word = '${word}';`,
});

/** Sends an event, and waits until it is acknowledged. */
async function sendTo(socket: string, tag: string): Promise<void> {
  const client = net.connect(socket);
  client.write(encodePackedForward(tag, [{ time: 1, record: {} }], { chunk: tag }));
  await once(client, 'data');
  client.destroy();
}

test.each([0, 1, 2])(
  'a program runs %d workers with a plugin module, and a reload loads what has changed of it',
  async (workers) => {
    const folder = temporaryFolder();
    const file = (name: string): string => path.join(folder, name);
    const socket = file('in.sock');
    writeFileSync(file('note.mjs'), plugin);
    mkdirSync(file('lib'));
    const write = (word: string): void => {
      for (const [name, text] of Object.entries(wordFiles(word))) writeFileSync(file(name), text);
    };
    write('old');
    const text = `<source>\n@type forward\nunix_path ${socket}\n</source>\n<match **>\n@type note\n</match>\n`;
    const agent = await AgentProcess.embedded(text, folder, file('note.mjs'), workers);
    const send = (tag: string): Promise<void> => sendTo(socket, tag);
    await send('one');
    write('new');
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

test('a reload in the same process reads a plugin in CommonJS anew, and what it requires', async () => {
  const folder = temporaryFolder();
  const file = (name: string): string => path.join(folder, name);
  const socket = file('in.sock');
  writeFileSync(
    file('note.cjs'),
    `const { word } = require('./word.cjs');
    const { appendFileSync } = require('node:fs');
    const nothing = () => undefined;
    module.exports = {
      kind: 'filter', apiVersion: ${apiVersion}, type: 'note', description: 'Notes tags.',
      section: { name: 'filter', schema: {}, read: () => ({}) },
      create: (config, context) => ({
        ...context, statistics: () => ({}), start: nothing, afterStart: nothing, stop: nothing,
        beforeShutdown: nothing, shutdown: nothing, afterShutdown: nothing, close: nothing,
        terminate: nothing,
        filter(tag, stream) { appendFileSync(__dirname + '/notes', word + tag); return stream; },
      }),
    };`,
  );
  writeFileSync(file('word.cjs'), "exports.word = 'old ';");
  const text = `<source>\n@type forward\nunix_path ${socket}\n</source>\n<filter **>\n@type note\n</filter>\n<match **>\n@type null\n</match>\n`;
  const agent = await AgentProcess.embedded(text, folder, file('note.cjs'), 0);
  await sendTo(socket, 'one ');
  writeFileSync(file('word.cjs'), "exports.word = 'new ';");
  expect(await agent.ask('reload')).toEqual({ reloaded: true, error: null });
  await sendTo(socket, 'two');
  expect(readFileSync(file('notes'), 'utf8')).toBe('old one new two');
  expect(await agent.ask('stop')).toEqual({ stopped: true });
});
