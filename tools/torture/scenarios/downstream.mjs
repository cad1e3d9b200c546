/** What comes next is frozen, never acknowledges, or dies between write and ack. */
import { existsSync, rmSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import {
  Agent,
  fileOutput,
  filesIn,
  freePort,
  pause,
  relay,
  signal,
  source,
  until,
} from '../agent.mjs';
import { arrived, mustBeKept } from '../kept.mjs';
import { Sender } from '../sender.mjs';

/** Stands between two agents, and fails as a test wants. */
class Between {
  /** `pass`; `hole`: takes everything, answers nothing; `cut`: ends when the first answer comes. */
  mode = 'pass';
  cuts = 0;
  #sockets = new Set();

  async listen(port, target) {
    this.server = net.createServer((socket) => this.#take(socket, target));
    await new Promise((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    return this;
  }

  set(mode) {
    this.mode = mode;
    for (const socket of this.#sockets) socket.destroy();
  }

  close() {
    this.server.close();
    this.set('closed');
  }

  #take(socket, target) {
    this.#sockets.add(socket);
    const { mode } = this;
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    if (mode === 'hole') {
      socket.resume();
      return;
    }
    const next = net.connect(target, '127.0.0.1');
    next.on('error', () => socket.destroy());
    next.on('close', () => socket.destroy());
    socket.on('close', () => next.destroy());
    socket.pipe(next);
    if (mode !== 'cut') next.pipe(socket);
    else {
      next.once('data', () => {
        this.cuts += 1;
        socket.destroy();
      });
    }
  }
}

async function pair(folder, { between, buffer = 'chunk_limit_size 1m', exit = '' } = {}) {
  const [port, last] = [await freePort(), await freePort()];
  const entry = between === undefined ? last : await freePort();
  if (between !== undefined) await between.listen(entry, last);
  const out = path.join(folder, 'out');
  const next = await new Agent(
    path.join(folder, 'next'),
    source(last) + fileOutput(`${out}/all`),
  ).start();
  const agent = await new Agent(
    path.join(folder, 'agent'),
    source(port) + relay(entry, path.join(folder, 'buffer'), `${buffer}\n${exit}`),
  ).start();
  return { port, out, agent, next };
}

async function endWell(agents, out, senders, seconds = 120) {
  for (const sender of senders) await sender.finish();
  const found = await arrived(seconds, out, senders);
  mustBeKept(found);
  for (const agent of agents) {
    const { code } = await agent.stop();
    if (code !== 0) throw new Error(`exit code ${code}`);
  }
  return found;
}

/** Samples memory for so many seconds. */
async function mostMemory(agent, seconds) {
  let most = 0;
  for (let n = 0; n < seconds * 2; n += 1) {
    most = Math.max(most, agent.rss);
    await pause(500);
  }
  return most;
}

async function frozen({ folder, short }) {
  const { port, out, agent, next } = await pair(folder);
  const sender = new Sender({ port, id: 1, interval: 2, text: 'x'.repeat(200) });
  await until(30, 'events arrive', () => filesIn(out).length > 0);
  next.freeze();
  const before = sender.acked;
  const most = await mostMemory(agent, short ? 8 : 60);
  const during = sender.acked - before;
  if (during === 0) throw new Error('nothing was acknowledged while the next agent was frozen');
  next.thaw();
  const found = await endWell([agent, next], out, [sender]);
  return {
    acked: found.acked,
    'acked meanwhile': during,
    lost: 0,
    twice: found.repeated + found.unexplained,
    'most memory, MB': most,
  };
}

async function noAcks({ folder, short }) {
  const between = new Between();
  const { port, out, agent, next } = await pair(folder, { between });
  const sender = new Sender({ port, id: 1, interval: 4 });
  await until(30, 'events arrive', () => filesIn(out).length > 0);
  between.set('hole');
  let most = await mostMemory(agent, short ? 6 : 40);
  const times = short ? 3 : 20;
  between.set('cut');
  for (let n = 0; n < times; n += 1) {
    const { cuts } = between;
    await until(60, 'a cut', () => between.cuts > cuts);
    most = Math.max(most, agent.rss);
  }
  between.set('pass');
  const found = await endWell([agent, next], out, [sender]);
  between.close();
  return {
    acked: found.acked,
    lost: 0,
    'ended between write and ack': between.cuts,
    'twice for that': found.unexplained + found.repeated,
    'most memory, MB': most,
  };
}

/** Reload and stop while the buffer is full and nobody takes anything: within the limit. */
async function stopFull({ folder, short }) {
  const between = new Between();
  const limit = 3;
  const { port, out, agent, next } = await pair(folder, {
    between,
    exit: `flush_at_shutdown true\nshutdown_timeout ${limit}s\ntotal_limit_size 6m`,
    buffer: 'chunk_limit_size 256k',
  });
  const sender = new Sender({ port, id: 1, interval: 1, text: 'x'.repeat(400), resendAfter: 1000 });
  between.set('hole');
  let longest = 0;
  const rounds = short ? 2 : 10;
  for (let n = 0; n < rounds; n += 1) {
    await until(60, 'the buffer is full', () => agent.logged(/buffer is full/));
    agent.lines.length = 0;
    signal(agent.child.pid, 'SIGHUP');
    await until(60, 'the reload', () => agent.logged(/configuration reloaded/));
    const { code, seconds } = await agent.stop();
    if (code !== 0) throw new Error(`exit code ${code}`);
    longest = Math.max(longest, seconds);
    // Twice: for the flush, and for a write that is nearly done. And what a process needs to end.
    if (seconds > limit * 2 + 5) throw new Error(`the stop took ${seconds} s`);
    agent.lines.length = 0;
    await agent.start();
  }
  between.set('pass');
  const found = await endWell([agent, next], out, [sender]);
  between.close();
  return {
    rounds,
    acked: found.acked,
    lost: 0,
    'shutdown_timeout, s': limit,
    'longest exit, s': longest.toFixed(1),
  };
}

/** Fewer workers after a restart deliver what the others left. */
async function fewerWorkers({ folder }) {
  const [port, last] = [await freePort(), await freePort()];
  const out = path.join(folder, 'out');
  const buffer = path.join(folder, 'buffer');
  const text = (count) =>
    `<system>\n  workers ${count}\n</system>\n${source(port)}${relay(last, buffer)}`;
  const agent = await new Agent(path.join(folder, 'agent'), text(3)).start();
  const senders = [1, 2, 3, 4, 5, 6].map((id) => new Sender({ port, id, interval: 10 }));
  await until(30, 'acks', () => senders.every(({ acked }) => acked > 500));
  for (const sender of senders) sender.close();
  agent.killAll();
  await agent.ended;
  const left = ['worker0', 'worker1', 'worker2'].filter((name) =>
    existsSync(path.join(buffer, name)),
  );
  agent.configure(text(1));
  await agent.start();
  const next = await new Agent(
    path.join(folder, 'next'),
    source(last) + fileOutput(`${out}/all`),
  ).start();
  const found = await arrived(60, out, senders);
  mustBeKept(found);
  await agent.stop();
  await next.stop();
  rmSync(buffer, { recursive: true });
  return { acked: found.acked, lost: 0, 'folders of workers': left.length };
}

export const frozenNext = {
  name: 'frozen',
  text: 'the next agent is frozen (SIGSTOP)',
  run: frozen,
};
export const withoutAcks = {
  name: 'no-acks',
  text: 'the next one never acks, then dies before its acks',
  run: noAcks,
};
export const stopWhenFull = {
  name: 'stop-full',
  text: 'reload and stop with a full buffer and nobody behind',
  run: stopFull,
};
export const workersLeave = {
  name: 'fewer-workers',
  text: 'three workers killed, one started',
  run: fewerWorkers,
};
