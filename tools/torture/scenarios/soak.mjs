/** At full speed for long: memory must not grow. */
import path from 'node:path';
import { Agent, fileOutput, freePort, pause, relay, source, within } from '../agent.mjs';
import { Sender } from '../sender.mjs';

/** Megabytes a minute, by least squares. */
function slopeOf(samples) {
  const n = samples.length;
  const meanX = samples.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = samples.reduce((sum, [, y]) => sum + y, 0) / n;
  const covariance = samples.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const variance = samples.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return (covariance / variance) * 60;
}

async function run({ folder, short, minutes, progress }) {
  const [port, last] = [await freePort(), await freePort()];
  const next = await new Agent(
    path.join(folder, 'next'),
    source(last) + '<match **>\n  @type null\n</match>\n',
  ).start();
  const agent = await new Agent(
    path.join(folder, 'agent'),
    source(port) +
      relay(
        last,
        path.join(folder, 'buffer'),
        'chunk_limit_size 4m\ntotal_limit_size 256m',
        'relay.**',
      ) +
      fileOutput(`${folder}/out/all`, 'rotate_size 50m\n  rotate_age 2'),
  ).start();
  const senders = ['app.a', 'app.b', 'relay.a', 'relay.b'].map(
    (tag, id) =>
      new Sender({ port, id, tag, interval: 0, perChunk: 500, mostOpen: 8, resendAfter: 5000 }),
  );
  const seconds = short ? 15 : minutes * 60;
  const samples = [];
  const start = performance.now();
  for (let passed = 0; passed < seconds; passed = (performance.now() - start) / 1000) {
    await pause(1000);
    samples.push([passed, agent.rss]);
    if (samples.length % 10 === 0) progress(Math.round(passed), seconds);
    if (agent.pids.length === 0) throw new Error('the agent has ended');
  }
  const acked = senders.reduce((sum, sender) => sum + sender.acked, 0);
  for (const sender of senders) sender.pause();
  await within(60, 'the last acks', Promise.all(senders.map((sender) => sender.finish())));
  const { code } = await agent.stop();
  await next.stop();
  if (code !== 0) throw new Error(`exit code ${code}`);
  const warm = samples.slice(Math.floor(samples.length / 4));
  const slope = slopeOf(warm);
  const most = Math.max(...samples.map(([, rss]) => rss));
  if (most > 600) throw new Error(`${most} MB`);
  // In the short form memory still warms up: a slope would tell nothing.
  if (!short && slope > 2) throw new Error(`memory grows by ${slope.toFixed(2)} MB a minute`);
  return {
    minutes: (seconds / 60).toFixed(1),
    'events, million': (acked / 1e6).toFixed(1),
    'events a second': Math.round(acked / seconds),
    'memory at the end, MB': samples.at(-1)[1],
    'most memory, MB': most,
    ...(!short && { 'slope, MB a minute': slope.toFixed(3) }),
  };
}

export const soak = { name: 'soak', text: 'full speed, memory', run };
