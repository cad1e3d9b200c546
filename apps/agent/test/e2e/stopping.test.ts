import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { encodePackedForward, AckReader } from '@sluice/forward-protocol';
import { expect, test } from 'vitest';
import { AgentProcess } from '../support/agent-process.js';

const configuration = `
<source>
  @type forward
  bind 127.0.0.1
  port 0
</source>
<match **>
  @type file
  path $FOLDER/events
  append true
  <format>
    @type json
  </format>
  <buffer []>
  </buffer>
</match>
`;

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s under traffic: what was acknowledged is in the file once, and the exit code is 0',
  async (signal) => {
    const agent = await AgentProcess.start(configuration);
    const acked: string[] = [];
    const clients = Array.from({ length: 4 }, (_, client) => {
      const socket = net.connect(agent.port, '127.0.0.1');
      const reader = new AckReader();
      let sent = 0;
      const send = () => {
        const chunk = `${client}-${(sent += 1)}`;
        const records = [0, 1, 2].map((n) => ({ time: 1, record: { chunk, n } }));
        socket.write(encodePackedForward('t', records, { chunk }));
      };
      socket.on('connect', () => {
        for (let n = 0; n < 8; n += 1) send();
      });
      socket.on('data', (bytes) => {
        for (const chunk of reader.push(bytes)) {
          acked.push(chunk);
          if (acked.length === 200) agent.child.kill(signal);
          if (!socket.destroyed) send();
        }
      });
      socket.on('error', () => undefined); // the agent goes while we send
      return new Promise((resolve) => socket.once('close', resolve));
    });
    expect((await once(agent.child, 'close'))[0]).toBe(0);
    await Promise.all(clients);

    expect(acked.length).toBeGreaterThanOrEqual(200);
    const kept = agent
      .jsonLines('events.log')
      .map(({ chunk, n }) => `${String(chunk)} ${String(n)}`);
    expect(new Set(kept).size).toBe(kept.length);
    const missing = acked
      .flatMap((chunk) => [0, 1, 2].map((n) => `${chunk} ${n}`))
      .filter((entry) => !kept.includes(entry));
    expect(missing).toEqual([]);

    const refused = net.connect(agent.port, '127.0.0.1');
    const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  },
);

test('a chunk in flight when the signal comes is still written and acknowledged', async () => {
  const agent = await AgentProcess.start(
    configuration.replace(/@type file[^]*?(?=<\/match>)/, '@type stdout\n'),
  );
  const socket = net.connect(agent.port, '127.0.0.1');
  const acks: Buffer[] = [];
  socket.on('data', (bytes) => acks.push(bytes));
  socket.on('error', () => undefined); // what is all acknowledged may end in a reset
  const closed = new Promise((resolve) => socket.once('close', resolve));

  // More than a pipe holds, and nobody reads on after the first piece: the output is stuck.
  const records = Array.from({ length: 20_000 }, (_, n) => ({ time: 1, record: { n } }));
  const stuck = once(agent.child.stdout!, 'data').then(() => agent.child.stdout!.pause());
  socket.write(encodePackedForward('t', records, { chunk: 'the-one' }));
  await stuck;
  const exited = agent.stop();
  await agent.logged((entry) => entry.msg === 'stopping on SIGTERM');
  expect(acks).toEqual([]);

  agent.child.stdout!.resume();
  expect(await exited).toBe(0);
  await closed;
  expect(Buffer.concat(acks).toString('latin1')).toBe('\x81\xa3ack\xa7the-one');
  expect(agent.stdout.split('\n')).toHaveLength(records.length + 1);
});

test('a stop that loses buffered events ends with 2, with and without a supervisor', async () => {
  const closed = net.createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as net.AddressInfo;
  closed.close();
  const toNobody =
    '<source>\n@type forward\nbind 127.0.0.1\nport 0\n</source>\n' +
    `<match **>\n@type forward\n<server>\nhost 127.0.0.1\nport ${port}\n</server>\n` +
    '<buffer>\nflush_interval 1h\nshutdown_timeout 0.1\ndisable_chunk_backup true\n</buffer>\n</match>\n';
  for (const args of [[], ['--no-supervisor']]) {
    const agent = await AgentProcess.start(toNobody, undefined, { args });
    const socket = net.connect(agent.port, '127.0.0.1');
    socket.write(encodePackedForward('t', [{ time: 1, record: { a: 1 } }], { chunk: 'c' }));
    await once(socket, 'data'); // acknowledged: the buffer has it
    socket.destroy();
    expect(await agent.stop()).toBe(2);
    expect(agent.log.some(({ msg }) => msg.includes('buffered events are lost'))).toBe(true);
  }
});

test.each([
  ['with a supervisor', []],
  ['without', ['--no-supervisor']],
])('%s, a plugin whose start never settles does not hold up the end', async (_name, more) => {
  const plugin = path.join(import.meta.dirname, '../fixtures/never-starts.mjs');
  const agent = await AgentProcess.start('<match **>\n@type never_starts\n</match>', undefined, {
    args: ['--plugin', plugin, ...more],
    until: 'it begins to start',
  });
  expect(await agent.stop()).toBe(0);
});
