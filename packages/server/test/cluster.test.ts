import { execFileSync, fork, spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import type { ServerStatistics } from '../src/index.js';
import { freshPath, tlsOptions } from './support/transports.js';

// Real processes: a primary and its workers, on the built package.
const fixture = new URL('./fixtures/cluster.mjs', import.meta.url).pathname;
interface Started {
  address?: { port: number } | string;
  error?: string;
}
interface Message {
  started?: Started[];
  stats?: ServerStatistics[];
  replaced?: boolean;
}

let primary: ChildProcess;
afterEach(async () => {
  const exited = once(primary, 'exit');
  if (primary.connected) primary.send({ run: 'stop' });
  const [code] = await exited;
  expect(code).toBe(0); // all workers ended by themselves: nothing held them
});

async function start(settings: object, env: object = {}): Promise<Started[]> {
  primary = fork(fixture, [JSON.stringify({ workers: 4, port: 0, ...settings })], {
    execArgv: [],
    env: { ...process.env, ...env },
  });
  return (await message('started')).started!;
}
async function message(kind: keyof Message): Promise<Message> {
  for (;;) {
    const [received] = (await once(primary, 'message')) as [Message];
    if (received[kind] !== undefined) return received;
  }
}
async function stats(): Promise<ServerStatistics[]> {
  const answer = message('stats');
  primary.send({ run: 'stats' });
  return (await answer).stats!;
}

/** A number that is likely to be free for TCP. */
async function freePort(): Promise<number> {
  const probe = createSocket('udp4');
  probe.bind(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  return port;
}

type Dial = () => Socket;
function dialer(proto: string, { address }: Started): Dial {
  if (typeof address === 'string') return () => connect(address);
  const { port } = address!;
  const plain = (): Socket => connect(port, '127.0.0.1');
  if (proto === 'tcp') return plain;
  return () => connectTls({ socket: plain(), rejectUnauthorized: false });
}
/** Which worker answers; rejects where the connection fails. */
async function ask(dial: Dial, question = '?'): Promise<string> {
  const client = dial();
  client.write(question);
  const [answer] = (await once(client, 'data')) as [Buffer];
  client.destroy();
  return answer.toString();
}

const cases: [string, () => object][] = [
  ['tcp', () => ({ bind: '127.0.0.1' })],
  ['tls', () => ({ bind: '127.0.0.1', tlsOptions })],
  ['unix', () => ({ path: freshPath() })],
];

describe.each(cases)('shared over %s', (proto, options) => {
  test('200 connections are spread over 4 workers within 20 % of even', async () => {
    const started = await start({ proto, options: options() });
    expect(new Set(started.map(({ address }) => JSON.stringify(address))).size).toBe(1);
    const dial = dialer(proto, started[0]);
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(Array.from({ length: 20 }, () => ask(dial)));
    }
    const spread = (await stats()).map(({ accepted }) => accepted);
    expect(spread.reduce((sum, each) => sum + each)).toBe(200);
    expect(Math.min(...spread)).toBeGreaterThanOrEqual(40);
    expect(Math.max(...spread)).toBeLessThanOrEqual(60);
  });

  test('a worker that dies is replaced without a refused connection', async () => {
    const started = await start({ proto, options: options() });
    const dial = dialer(proto, started[0]);
    const replaced = message('replaced');
    let done = false;
    void replaced.then(() => (done = true));
    const refused: string[] = [];
    primary.send({ run: 'kill' });
    let answered = 0;
    while (!(done as boolean)) {
      // Connections that the dead worker had are lost; none is refused.
      const results = await Promise.allSettled([ask(dial), ask(dial), ask(dial)]);
      for (const result of results) {
        if (result.status === 'fulfilled') answered += 1;
        else refused.push((result.reason as NodeJS.ErrnoException).code ?? '');
      }
    }
    expect(refused.filter((code) => code === 'ECONNREFUSED' || code === 'ENOENT')).toEqual([]);
    expect(answered).toBeGreaterThan(0);
    const workers = new Set<string>();
    for (let index = 0; index < 12; index += 1) workers.add(await ask(dial));
    expect(workers).toContain('5'); // the successor serves, too
  });
});

test('a worker that is stopped gets no more connections until it goes on', async () => {
  const started = await start({ proto: 'tcp', options: { bind: '127.0.0.1' } });
  const dial = dialer('tcp', started[0]);
  primary.send({ run: 'pause' });
  // Of ten rounds none may come to it.
  const all: Promise<string>[] = [];
  let served = 0;
  while (served < 40) {
    const asked = ask(dial);
    all.push(asked);
    const isServed = await Promise.race([
      asked.then(() => true),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 500)),
    ]);
    served = isServed ? served + 1 : 0;
  }
  // What it got before waits for it, and is not lost.
  primary.send({ run: 'continue' });
  expect(new Set(await Promise.all(all)).size).toBe(4);
  const workers = new Set<string>();
  while (workers.size < 4) workers.add(await ask(dial));
}, 60_000);

test('the death of the only worker refuses nobody: connections wait for its successor', async () => {
  const started = await start({ workers: 1, proto: 'tcp', options: { bind: '127.0.0.1' } });
  const dial = dialer('tcp', started[0]);
  expect(await ask(dial)).toBe('1');
  const gone = once(primary, 'message');
  primary.send({ run: 'kill' });
  const answers = await Promise.allSettled(Array.from({ length: 20 }, () => ask(dial)));
  await gone;
  const failures = answers.filter(({ status }) => status === 'rejected');
  // Those that the dying worker had taken already are lost with it.
  for (const failure of failures) {
    expect((failure as { reason: { code: string } }).reason.code).toBe('ECONNRESET');
  }
  expect(await ask(dial)).toBe('2');
});

test('a client that half-closes gets its answer from a worker, too', async () => {
  const started = await start({ workers: 2, proto: 'tcp', options: { bind: '127.0.0.1' } });
  const { port } = started[0].address as { port: number };
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  client.end('?');
  const [answer] = (await once(client, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^[12]$/);
  await once(client, 'end');
});

test("without shareListeners it is Node's own sharing", async () => {
  const options = { bind: '127.0.0.1', sendKeepalivePacket: true };
  const started = await start({ proto: 'tcp', share: false, options });
  const dial = dialer('tcp', started[0]);
  const workers = new Set<string>();
  for (let index = 0; index < 40; index += 1) workers.add(await ask(dial));
  expect(workers.size).toBeGreaterThan(1);
  expect(await ask(dial, 'keepalive?')).toMatch(/^(true|1)$/);
});

test('a Unix socket left behind by a crash is replaced once, by one of the workers', async () => {
  const path = freshPath();
  const code = `require('net').createServer().listen(process.argv[1], () => console.log('up'))`;
  const crashed = spawn(process.execPath, ['-e', code, path]);
  await once(crashed.stdout, 'data');
  crashed.kill('SIGKILL');
  await once(crashed, 'exit');
  const started = await start({ proto: 'unix', options: { path } });
  expect(started).toEqual(Array.from({ length: 4 }, () => ({ address: path })));
  const dial = dialer('unix', started[0]);
  const workers = new Set<string>();
  for (let index = 0; index < 16; index += 1) workers.add(await ask(dial));
  expect([...workers].sort()).toEqual(['1', '2', '3', '4']);
  // Looking whether the path is alive has cost no worker a connection.
  const accepted = (await stats()).map((each) => each.accepted);
  expect(accepted.reduce((sum, each) => sum + each)).toBe(16);
});

test('UDP is shared: every datagram is answered once', async () => {
  const options = { bind: '127.0.0.1', maxBytes: 100 };
  const started = await start({ proto: 'udp', options });
  const { port } = started[0].address as { port: number };
  const client = createSocket('udp4');
  for (let index = 0; index < 200; index += 1) {
    client.send('x', port, '127.0.0.1');
    await once(client, 'message');
  }
  client.close();
  const received = (await stats()).map(({ datagramsIn }) => datagramsIn);
  expect(received.reduce((sum, each) => sum + each)).toBe(200);
});

test('shared: false is exclusive: the second listener fails with EADDRINUSE', async () => {
  const port = await freePort();
  // An address of this test's own, so that no other process takes the port meanwhile.
  const bind = `127.${(process.pid >> 8) & 255}.${process.pid & 255}.9`;
  const options = { bind, shared: false };
  const started = await start({ workers: 2, proto: 'tcp', port, options });
  const failures = started.map(({ error }) => error);
  expect(failures.filter((error) => error === 'EADDRINUSE')).toHaveLength(1);
});

test('socket options reach the connections of workers', async () => {
  const options = { bind: '127.0.0.1', sendKeepalivePacket: true };
  const started = await start({ workers: 2, proto: 'tcp', options });
  const dial = dialer('tcp', started[0]);
  expect(await ask(dial, 'keepalive?')).toMatch(/^(true|1)$/);
});

const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];
const hasReusePort = major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
test.runIf(hasReusePort)('reusePort gives each worker a listener of its own', async () => {
  // The same port, although the primary shares nothing: each worker has bound it for itself.
  const port = await freePort();
  const options = { bind: '127.0.0.1', reusePort: true };
  const started = await start({ workers: 2, proto: 'tcp', port, share: false, options });
  expect(started.map(({ error }) => error)).toEqual([undefined, undefined]);
  const ss = execFileSync('ss', ['-ltnH', `sport = :${port}`], { encoding: 'utf8' });
  expect(ss.trim().split('\n')).toHaveLength(2);
});

test("a Unix socket's file that was removed is there again when a worker starts", async () => {
  const path = freshPath();
  const started = await start({ workers: 1, proto: 'unix', options: { path } });
  const dial = dialer('unix', started[0]);
  expect(await ask(dial)).toBe('1');
  rmSync(path);
  const replaced = message('replaced');
  primary.send({ run: 'kill' });
  await replaced;
  expect(await ask(dial)).toBe('2');
});

test("a variable inherited from another primary changes nothing: it is Node's own sharing", async () => {
  const inherited = { SLUICE_SHARED_LISTENERS: '1' };
  const options = { bind: '127.0.0.1' };
  const started = await start({ workers: 2, proto: 'tcp', share: false, options }, inherited);
  expect(started.map(({ error }) => error)).toEqual([undefined, undefined]);
  expect(await ask(dialer('tcp', started[0]))).toMatch(/^[12]$/);
});

test('a worker that starts to listen when sharing has been closed is told so', async () => {
  const options = { bind: '127.0.0.1' };
  const started = await start({ workers: 1, proto: 'tcp', share: 'closed', options });
  expect(started).toEqual([{ error: 'ECANCELED' }]);
});
