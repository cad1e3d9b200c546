/** SIGTERM, SIGHUP, SIGUSR1 and new certificates under load. */
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { AckReader, encodeMessage } from '@sluice/forward-protocol';
import { generateCa, issueServerCertificate } from '@sluice/tls';
import { Agent, fileOutput, freePort, pause, signal, source, until, within } from '../agent.mjs';
import { arrived, mustBeKept } from '../kept.mjs';
import { Sender } from '../sender.mjs';

/** Connects for each event: nobody may be refused. */
class Knocker {
  refused = 0;
  broken = 0;
  acked = 0;
  /** While the agent is being started again its port is closed, and that is right. */
  away = false;
  #stopped = false;

  constructor(port) {
    this.done = this.#run(port);
  }

  stop() {
    this.#stopped = true;
    return this.done;
  }

  async #run(port) {
    for (let n = 0; !this.#stopped; n += 1) {
      const result = await this.#knock(port, n);
      if (result === 'acked') this.acked += 1;
      else if (!this.away) this[result] += 1;
      await pause(5);
    }
  }

  #knock(port, n) {
    return new Promise((resolve) => {
      const socket = net.connect(port, '127.0.0.1');
      const reader = new AckReader();
      const end = (result) => {
        socket.destroy();
        resolve(result);
      };
      const record = { s: 99, n };
      socket.write(encodeMessage('app.knock', { record }, { chunk: String(n) }));
      socket.on('data', (data) => [...reader.push(data)].length > 0 && end('acked'));
      socket.on('error', (error) => end(error.code === 'ECONNREFUSED' ? 'refused' : 'broken'));
      socket.on('close', () => end('broken'));
    });
  }
}

async function run({ folder, random, short, rounds, progress }) {
  const ca = await generateCa({ keyType: 'ecdsa', keyLength: 256 });
  const signing = { caCertificate: ca.certificate, caPrivateKey: ca.privateKey };
  const newCertificate = async () => {
    const pair = await issueServerCertificate({
      ...signing,
      commonName: 'localhost',
      keyType: 'ecdsa',
      keyLength: 256,
    });
    writeFileSync(path.join(folder, 'server.crt'), pair.certificate);
    writeFileSync(path.join(folder, 'server.key'), pair.privateKey, { mode: 0o600 });
  };
  await newCertificate();
  const [plain, secure] = [await freePort(), await freePort()];
  const out = path.join(folder, 'out');
  const configuration = (round) =>
    `<system>\n  workers 2\n</system>\n# round ${round}\n` +
    source(plain) +
    source(
      secure,
      `<transport tls>\n    cert_path ${folder}/server.crt\n    private_key_path ${folder}/server.key\n  </transport>`,
    ) +
    fileOutput(`${out}/all`);
  const agent = await new Agent(path.join(folder, 'agent'), configuration(0)).start();
  const senders = [
    new Sender({ port: plain, id: 1, interval: 10 }),
    new Sender({ port: secure, id: 2, interval: 10, tls: { ca: ca.certificate } }),
  ];
  const knocker = new Knocker(plain);
  const total = rounds ?? (short ? 8 : 50);
  const counts = { SIGTERM: 0, SIGHUP: 0, SIGUSR1: 0, certificates: 0 };
  const kinds = Object.keys(counts);
  const turn = random.between(0, kinds.length - 1);
  let longestExit = 0;
  for (let round = 1; round <= total; round += 1) {
    const before = senders.map((sender) => sender.acked);
    await within(
      60,
      `round ${round}: an ack`,
      (async () => {
        while (!senders.every((sender, n) => sender.acked > before[n])) await pause(5);
      })(),
    );
    await pause(random.between(0, 200));
    const what = kinds[(round + turn) % kinds.length]; // each of them, from any of them on
    counts[what] += 1;
    if (what === 'SIGTERM') {
      knocker.away = true;
      const { code, seconds } = await agent.stop();
      if (code !== 0) throw new Error(`SIGTERM: exit code ${code}`);
      longestExit = Math.max(longestExit, seconds);
      await agent.start();
      await pause(100); // a knock that began before may still be under way
      knocker.away = false;
    } else if (what === 'SIGUSR1') {
      signal(agent.child.pid, 'SIGUSR1');
    } else {
      if (what === 'certificates') await newCertificate();
      const from = agent.lines.length;
      agent.configure(configuration(round));
      signal(agent.child.pid, 'SIGHUP');
      await until(60, what, () => agent.logged(/configuration (?:not )?reloaded/, from));
      if (agent.logged(/configuration not reloaded/, from)) throw new Error('not reloaded');
    }
    progress(round, total);
  }
  await knocker.stop();
  await within(60, 'the last acks', Promise.all(senders.map((sender) => sender.finish())));
  const { code } = await agent.stop();
  if (code !== 0) throw new Error(`the last exit code is ${code}`);
  const found = await arrived(10, out, senders);
  mustBeKept(found);
  if (knocker.refused > 0) throw new Error(`${knocker.refused} connections were refused`);
  if (knocker.acked === 0) throw new Error('no knock was answered: this shows nothing');
  return {
    rounds: total,
    ...counts,
    acked: found.acked,
    lost: found.lost,
    torn: found.torn,
    'new connections': knocker.acked,
    refused: knocker.refused,
    'ended without an ack': knocker.broken,
    'longest exit, s': longestExit.toFixed(1),
  };
}

export const signals = { name: 'signals', text: 'SIGTERM, SIGHUP, SIGUSR1, certificates', run };
