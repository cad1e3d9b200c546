import { createSocket } from 'node:dgram';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import pino from 'pino';
import { expect, test } from 'vitest';
import { AgentProcess, temporaryFolder } from '../support/agent-process.js';
import { background, command, testWith } from '../support/commands.js';

const example = readFileSync(
  path.join(import.meta.dirname, '../../../../examples/inputs.conf'),
  'utf8',
);

/** The example as it stands, but for the ports and the folder. */
async function startExample() {
  const folder = temporaryFolder();
  const text = example.replace(/port \d+/g, 'port 0').replaceAll('./out/', `${folder}/`);
  const agent = await AgentProcess.start(text, folder);
  const ports = Object.fromEntries(
    agent.log
      .filter((entry) => typeof entry.port === 'number')
      .map((entry) => [String(entry.plugin), entry.port as number]),
  );
  const file = path.join(folder, 'inputs.log');
  /** Resolves when so many events are in the file. */
  const received = async (count: number): Promise<Record<string, unknown>[]> => {
    const read = () => (existsSync(file) ? agent.jsonLines('inputs.log') : []);
    await expect.poll(() => read().length, { timeout: 30_000 }).toBe(count);
    return read().sort((a, b) => (String(a.message) < String(b.message) ? -1 : 1));
  };
  return { agent, folder, ports, received };
}

test('what Node programs send: pino over HTTP, lines, datagrams', async () => {
  const { agent, folder, ports, received } = await startExample();
  const lines = new PassThrough();
  const log = pino({ base: null }, lines);
  log.info({ n: 1 }, '1 from pino');
  log.warn('2 from pino');
  lines.end();
  const response = await fetch(`http://127.0.0.1:${ports.http_0}/app/http`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-ndjson' },
    body: lines,
    duplex: 'half',
  });
  expect(response.status).toBe(200);
  connect(ports.tcp_0, '127.0.0.1').end('{"message":"3 over TCP"}\n');
  const datagrams = createSocket('udp4');
  datagrams.send('{"message":"4 over UDP"}', ports.udp_0, '127.0.0.1');
  datagrams.send('<30>Feb 28 12:00:00 host su[7]: 5 syslog over UDP', ports.syslog_0, '127.0.0.1');
  const syslog = '<34>1 2026-02-28T12:00:00.000Z host su 7 - - 6 syslog over TCP\n';
  connect(ports.syslog_1, '127.0.0.1').end(syslog);
  const unix = connect(path.join(folder, 'inputs.sock'));
  unix.end('["app.unix",1700000000,{"message":"7 over a Unix socket"}]');
  const events = await received(7);
  datagrams.close();
  // pino names its text msg.
  expect(events).toMatchObject([
    { message: '3 over TCP', tag: 'app.tcp', source: '127.0.0.1' },
    { message: '4 over UDP', tag: 'app.udp' },
    {
      message: '5 syslog over UDP',
      tag: 'system.daemon.info',
      level: 'info',
      ident: 'su',
      pid: '7',
    },
    { message: '6 syslog over TCP', tag: 'system.auth.crit' },
    { message: '7 over a Unix socket', tag: 'app.unix' },
    { msg: '1 from pino', n: 1, tag: 'app.http', REMOTE_ADDR: '127.0.0.1' },
    { msg: '2 from pino', level: 40 },
  ]);
  expect(await agent.stop()).toBe(0);
}, 60_000);

testWith('curl', 'nc', 'logger')(
  'what the example says: curl, nc and logger(1)',
  async () => {
    const { agent, ports, received } = await startExample();
    const url = `http://127.0.0.1:${ports.http_0}/app.http`;
    await command('curl', ['-sf', '-d', 'json={"message":"1 form"}', url]);
    const array = ['-sf', '-H', 'Content-Type: application/json', '--data-binary', '@-', url];
    await command('curl', array, '[{"message":"2 array"},{"message":"3 array"}]');
    await command('nc', ['-N', '127.0.0.1', String(ports.tcp_0)], '{"message":"4 nc"}\n');
    await command('nc', ['-u', '-w', '1', '127.0.0.1', String(ports.udp_0)], '{"message":"5 nc"}');
    const logger = ['-n', '127.0.0.1', '-t', 'job', '-p', 'local3.err'];
    await command('logger', [...logger, '-d', '-P', String(ports.syslog_0), '6 logger']);
    await command('logger', [...logger, '-T', '-P', String(ports.syslog_1), '7 logger']);
    const old = [...logger, '-d', '--rfc3164', '-P', String(ports.syslog_0), '8 logger'];
    await command('logger', old);
    const events = await received(8);
    const fromLogger = { tag: 'system.local3.err', level: 'err', ident: 'job' };
    expect(events).toMatchObject([
      { message: '1 form', tag: 'app.http' },
      { message: '2 array' },
      { message: '3 array' },
      { message: '4 nc', tag: 'app.tcp' },
      { message: '5 nc', tag: 'app.udp' },
      { message: '6 logger', ...fromLogger },
      { message: '7 logger', ...fromLogger },
      { message: '8 logger', ...fromLogger },
    ]);
    expect(agent.log.filter((entry) => Number(entry.level) >= 40)).toEqual([]);
    expect(await agent.stop()).toBe(0);
  },
  60_000,
);

testWith('rsyslogd', 'logger')(
  'rsyslog forwards over TCP, with lengths in front and in the form of RFC 5424',
  async () => {
    const folder = temporaryFolder();
    const agent = await AgentProcess.start(
      `<source>
        @type syslog
        tag system
        bind 127.0.0.1
        port 0
        frame_type octet_count
        <parse>
          @type syslog
          message_format rfc5424
        </parse>
        <transport tcp>
        </transport>
      </source>
      <match **>
        @type stdout
      </match>`,
      folder,
    );
    const socket = path.join(folder, 'log.sock');
    const file = path.join(folder, 'rsyslog.conf');
    writeFileSync(
      file,
      `module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="${socket}")
*.* action(type="omfwd" target="127.0.0.1" port="${agent.port}" protocol="tcp"
  TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format")
`,
    );
    background('rsyslogd', ['-n', '-f', file, '-i', path.join(folder, 'rsyslog.pid')]);
    await expect.poll(() => existsSync(socket), { timeout: 30_000 }).toBe(true);
    for (const n of [1, 2, 3]) {
      await command('logger', ['-u', socket, '-t', 'job', '-p', 'user.notice', `line ${n}`]);
    }
    await agent.until(() => agent.stdout.includes('line 3'), 'the last line came');
    const lines = agent.stdout.split('\n').filter((line) => line.includes('"ident":"job"'));
    expect(lines.map((line) => /line \d/.exec(line)?.[0])).toEqual(['line 1', 'line 2', 'line 3']);
    expect(lines[0]).toContain(' system.user.notice: {');
    expect(await agent.stop()).toBe(0);
  },
  60_000,
);
