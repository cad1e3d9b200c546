/** A disk that is full, an output that stands still. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createReadStream, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Agent, fileOutput, freePort, pause, relay, source, until } from '../agent.mjs';
import { arrived, compare, mustBeKept } from '../kept.mjs';
import { Sender } from '../sender.mjs';

const megabytes = 12;

/** A small disk in memory, most of it taken by a file that can be removed. */
function smallDisk(folder) {
  mkdirSync(folder);
  if (process.getuid?.() !== 0) return undefined;
  const made = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'none', folder]);
  if (made.status !== 0) return undefined;
  const ballast = path.join(folder, 'ballast');
  writeFileSync(ballast, Buffer.alloc((megabytes - 3) * 1024 * 1024));
  return {
    free: () => rmSync(ballast),
    remove: () => execFileSync('umount', ['-l', folder]),
  };
}

/** Watches an agent's memory until its acks have stood still for a while. */
async function untilStill(agent, sender, seconds) {
  let [acked, still, most] = [-1, 0, 0];
  for (let n = 0; still < seconds; n += 1) {
    if (n > 120) throw new Error('acks go on although there is no room');
    await pause(500);
    still = sender.acked === acked ? still + 0.5 : 0;
    acked = sender.acked;
    most = Math.max(most, agent.rss);
    if (agent.pids.length === 0) throw new Error('the agent has ended');
  }
  return most;
}

async function goesOn(sender, seconds) {
  const before = sender.acked;
  await until(seconds, 'acks go on', () => sender.acked > before + 500);
}

async function fullFile({ folder, short }) {
  const place = path.join(folder, 'disk');
  const disk = smallDisk(place);
  if (disk === undefined) return { skipped: 'a tmpfs can be mounted by root only' };
  try {
    const port = await freePort();
    const out = path.join(place, 'out');
    const agent = await new Agent(
      path.join(folder, 'agent'),
      source(port) + fileOutput(`${out}/all`),
    ).start();
    const sender = new Sender({ port, id: 1, interval: 2, text: 'x'.repeat(400) });
    const most = await untilStill(agent, sender, short ? 2 : 20);
    const full = await compare(out, [sender]);
    // A part of a line may be there for a moment, until it is taken back.
    if (full.lost > 0) throw new Error(`${full.lost} acknowledged events are lost`);
    disk.free();
    await goesOn(sender, 30);
    sender.pause();
    // The rest may not fit either: what has no ack then is not counted.
    await pause(500);
    const { code } = await agent.stop();
    sender.close();
    const found = await compare(out, [sender]);
    mustBeKept(found);
    return { acked: found.acked, lost: 0, torn: 0, 'most memory, MB': most, 'exit code': code };
  } finally {
    disk.remove();
  }
}

async function fullBuffer({ folder, short }) {
  const place = path.join(folder, 'disk');
  const disk = smallDisk(place);
  if (disk === undefined) return { skipped: 'a tmpfs can be mounted by root only' };
  try {
    const [port, last] = [await freePort(), await freePort()];
    const agent = await new Agent(
      path.join(folder, 'agent'),
      source(port) + relay(last, `${place}/buffer`, 'chunk_limit_size 256k'),
    ).start();
    const sender = new Sender({
      port,
      id: 1,
      interval: 2,
      text: 'x'.repeat(400),
      resendAfter: 1000,
    });
    const most = await untilStill(agent, sender, short ? 3 : 20);
    disk.free();
    await goesOn(sender, 30);
    // Now there is somebody to take them: room comes by itself.
    const out = path.join(folder, 'out');
    const next = await new Agent(
      path.join(folder, 'next'),
      source(last) + fileOutput(`${out}/all`),
    ).start();
    await goesOn(sender, 60);
    await sender.finish();
    const found = await arrived(60, out, [sender]);
    mustBeKept(found);
    const codes = [(await agent.stop()).code, (await next.stop()).code];
    if (codes.some((code) => code !== 0)) throw new Error(`exit codes ${codes.join(', ')}`);
    return { acked: found.acked, lost: 0, torn: 0, 'most memory, MB': most };
  } finally {
    disk.remove();
  }
}

async function stalled({ folder, short }) {
  const port = await freePort();
  const pipe = path.join(folder, 'stalled.a.log');
  execFileSync('mkfifo', [pipe]);
  const out = path.join(folder, 'out');
  const agent = await new Agent(
    path.join(folder, 'agent'),
    source(port) +
      `
<match stalled.**>
  @type file
  path ${folder}/\${tag}
  append true
  <format>
    @type json
  </format>
  <buffer tag>
    @type memory
    flush_interval 0.1s
    chunk_limit_size 256k
    total_limit_size 8m
  </buffer>
</match>
` +
      fileOutput(`${out}/all`),
  ).start();
  const still = new Sender({
    port,
    id: 1,
    tag: 'stalled.a',
    interval: 2,
    text: 'x'.repeat(400),
    resendAfter: 1000,
  });
  const other = new Sender({ port, id: 2, interval: 5 });
  const most = await untilStill(agent, still, short ? 2 : 20);
  await goesOn(other, 30); // one that stands still does not hold up the others
  // A reader comes: everything goes on by itself.
  let bytes = 0;
  const reader = createReadStream(pipe).on('data', (data) => (bytes += data.length));
  await goesOn(still, 60);
  await Promise.all([still, other].map((sender) => sender.finish()));
  const { code } = await agent.stop();
  reader.destroy();
  if (code !== 0) throw new Error(`exit code ${code}`);
  const found = await compare(out, [other]);
  mustBeKept(found);
  return {
    'acked of the others': found.acked,
    'read from the pipe, MB': Math.round(bytes / 1e6),
    'most memory, MB': most,
  };
}

export const fullFileDisk = {
  name: 'full-file',
  text: 'a full disk under the file output',
  run: fullFile,
};
export const fullBufferDisk = {
  name: 'full-buffer',
  text: 'a full disk under a file buffer',
  run: fullBuffer,
};
export const stalledOutput = { name: 'stalled', text: 'an output that stands still', run: stalled };
