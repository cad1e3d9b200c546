import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runReadmeExamples } from '../../../tools/readme-examples.mjs';
import { validateSocketOptions, type SocketOptions } from '../src/index.js';

const readme = new URL('../README.md', import.meta.url);

test('the examples print what they say', async () => {
  const outputs = await runReadmeExamples(readme);
  const expected = [
    'asked for 262144 bytes',
    'TCP_KEEPIDLE 45',
    'the peer sees ECONNRESET',
    'recv-timeout',
    'not an address',
    'pinned to port 9',
  ];
  expect(outputs).toHaveLength(expected.length);
  for (const [index, text] of expected.entries()) expect(outputs[index]).toContain(text);
});

test('the table of options names each, with its protocols', () => {
  const rows = readFileSync(readme, 'utf8').match(/^\| `\w+`.*\|.*\|.*\|.*\|$/gm) ?? [];
  const named = rows.filter((row) => row.split('|').length === 6);
  expect(named).toHaveLength(15);
  for (const row of named) {
    const [, option = '', , protocols = ''] = row.split('|').map((cell) => cell.trim());
    const name = /`(\w+)`/.exec(option)![1] as keyof SocketOptions;
    for (const protocol of ['tcp', 'tls', 'udp', 'unix'] as const) {
      let message = '';
      try {
        validateSocketOptions(protocol, { [name]: Symbol('wrong') });
      } catch (error) {
        message = (error as Error).message;
      }
      const allowed = protocols === 'all' || protocols.includes(protocol);
      expect(message.includes(`not for ${protocol}`), `${name} for ${protocol}`).toBe(!allowed);
    }
  }
});
