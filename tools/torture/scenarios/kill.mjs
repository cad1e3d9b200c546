/** kill -9 of agents and of single workers at random moments under load. */
import path from 'node:path';
import { Agent, fileOutput, freePort, pause, relay, signal, source, within } from '../agent.mjs';
import { arrived, mustBeKept } from '../kept.mjs';
import { Sender } from '../sender.mjs';

const workers = (count) => `<system>\n  workers ${count}\n</system>\n`;

/** One after another: each gives its events to the next, the last writes them to files. */
async function chain(folder, length) {
  const ports = [];
  for (let n = 0; n < length; n += 1) ports.push(await freePort());
  const out = path.join(folder, 'out');
  const agents = ports.map((port, n) => {
    const own = path.join(folder, `agent${n}`);
    const output =
      n === length - 1
        ? fileOutput(`${out}/all`, 'fsync true')
        : relay(ports[n + 1], path.join(own, 'buffer'));
    return new Agent(own, workers(n === 0 ? 2 : 1) + source(port) + output);
  });
  for (const agent of agents.toReversed()) await agent.start();
  return { agents, port: ports[0], out };
}

/** @param length 1: the file output alone; 2: a file buffer before a forward output; 3: a chain */
const kill = (length, rounds) => async (run) => {
  const { random, progress } = run;
  const { agents, port, out } = await chain(run.folder, length);
  const senders = [1, 2].map((id) => new Sender({ port, id, interval: 8 }));
  const victims = length === 3 ? agents : agents.slice(0, 1);
  const total = rounds(run);
  let wholes = 0;
  for (let round = 0; round < total; round += 1) {
    const before = senders.map((sender) => sender.acked);
    await within(
      60,
      `round ${round}: an ack`,
      (async () => {
        const moved = (sender, n) => sender.acked > before[n];
        while (!senders.every(moved)) await pause(5);
      })(),
    );
    await pause(random.between(0, 200));
    const agent = random.of(victims);
    const whole = random.next() < 0.5;
    if (whole) {
      await agent.crash();
      wholes += 1;
    } else {
      signal(random.of(agent.workers), 'SIGKILL');
    }
    progress(round + 1, total);
  }
  await within(90, 'the last acks', Promise.all(senders.map((sender) => sender.finish())));
  const found = await arrived(90, out, senders);
  mustBeKept(found);
  // Between two agents the one in front is a sender, too: what it sends again is not in this list.
  if (length === 1 && found.unexplained > 0) {
    throw new Error(`${found.unexplained} events are there twice, and were sent once`);
  }
  const exits = [];
  for (const agent of agents) exits.push((await agent.stop()).code);
  if (exits.some((code) => code !== 0)) throw new Error(`exit codes ${exits.join(', ')}`);
  return {
    rounds: total,
    'of the agent': wholes,
    'of a worker': total - wholes,
    acked: found.acked,
    lost: found.lost,
    torn: found.torn,
    'sent again by the sender, twice': found.repeated,
    'sent again by an agent, twice': found.unexplained,
  };
};

const rounds = (short) => (run) => run.rounds ?? (run.short ? short : 100);

export const killFile = {
  name: 'kill-file',
  text: 'kill -9, file output with fsync',
  run: kill(1, rounds(6)),
};
export const killBuffer = {
  name: 'kill-buffer',
  text: 'kill -9, file buffer before a forward output',
  run: kill(2, rounds(6)),
};
export const killChain = {
  name: 'kill-chain',
  text: 'kill -9, a chain of three agents',
  run: kill(3, rounds(5)),
};
