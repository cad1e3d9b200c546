/** The HTTP faces are fuzzed as a stranger sees them: bytes into a socket of a running agent. */
import net from 'node:net';
import path from 'node:path';
import { Agent, freePort, until } from '../agent.mjs';
import { mutate } from './mutate.mjs';

const request = (head, body = '') =>
  Buffer.from(
    `${head}\r\nHost: 127.0.0.1\r\n${body === '' ? '' : `Content-Length: ${body.length}\r\n`}\r\n${body}`,
  );

const corpus = [
  request('GET /api/plugins.json?debug=1&tag=a HTTP/1.1'),
  request('GET /metrics HTTP/1.1'),
  request('GET / HTTP/1.1'),
  request('GET /api/config.json HTTP/1.0'),
  request('POST /app.log?time=1 HTTP/1.1\r\nContent-Type: application/json', '{"a":[1,null]}'),
  request(
    'POST /app.log HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded',
    'json=%7B%22a%22%3A1%7D',
  ),
  request('POST /app.log HTTP/1.1\r\nContent-Type: application/msgpack', '\x81\xa1a\x01'),
  request('OPTIONS /app.log HTTP/1.1\r\nOrigin: http://a.example'),
];

/** @returns what came back, or nothing in time */
function send(port, bytes) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    let text = '';
    const end = () => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(300, end);
    socket.on('connect', () => socket.write(bytes));
    socket.on('data', (data) => {
      text += data.toString('latin1');
      end();
    });
    socket.on('error', end);
    socket.on('close', end);
  });
}

export async function fuzzHttp({ folder, random, seconds }) {
  const [monitor, http] = [await freePort(), await freePort()];
  const agent = await new Agent(
    path.join(folder, 'http'),
    `
<source>
  @type monitor_agent
  bind 127.0.0.1
  port ${monitor}
</source>
<source>
  @type http
  bind 127.0.0.1
  port ${http}
</source>
<match **>
  @type null
</match>
`,
  ).start();
  const pids = agent.pids.join();
  const end = performance.now() + seconds * 1000;
  const statuses = new Map();
  let runs = 0;
  while (performance.now() < end) {
    const inputs = Array.from({ length: 16 }, () => mutate(random, corpus));
    const answers = await Promise.all(
      inputs.map((input) => send(random.of([monitor, http]), input)),
    );
    runs += inputs.length;
    for (const [n, answer] of answers.entries()) {
      const status = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 'none';
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status === '500') throw new Error(`HTTP 500 for ${inputs[n].toString('base64')}`);
    }
    if (agent.pids.join() !== pids) throw new Error('a process of the agent has ended');
  }
  // Honest requests are answered all the same.
  for (const [port, input] of [
    [monitor, corpus[1]],
    [http, corpus[4]],
  ]) {
    await until(10, 'an honest request', async () =>
      /^HTTP\/1\.1 200/.test(await send(port, input)),
    );
  }
  const { code } = await agent.stop();
  if (code !== 0) throw new Error(`exit code ${code}`);
  return { name: 'http', runs, statuses: Object.fromEntries(statuses) };
}
