/** The clock is set forward and back under load: time slices, rotation, retries. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Agent, freePort, pause, relay, source, until } from '../agent.mjs';
import { arrived, mustBeKept } from '../kept.mjs';
import { Sender } from '../sender.mjs';

/** libfaketime, of the Debian package faketime. */
function library() {
  const folders = readdirSync('/usr/lib').filter((name) => name.endsWith('-linux-gnu'));
  return [...folders.map((name) => `/usr/lib/${name}/faketime`), '/usr/lib/faketime']
    .map((folder) => path.join(folder, 'libfaketime.so.1'))
    .find((file) => existsSync(file));
}

async function run({ folder, random, short, progress }) {
  const preload = process.platform === 'linux' ? library() : undefined;
  if (preload === undefined) return { skipped: 'libfaketime is not installed' };
  const stamp = path.join(folder, 'clock');
  let offset = 0;
  const set = (seconds) => {
    offset = seconds;
    writeFileSync(stamp, `${seconds < 0 ? '' : '+'}${seconds}\n`);
  };
  set(0);
  const env = {
    LD_PRELOAD: preload,
    FAKETIME_TIMESTAMP_FILE: stamp,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
  const [port, last] = [await freePort(), await freePort()];
  const [sliced, relayed] = [path.join(folder, 'sliced'), path.join(folder, 'relayed')];
  const agent = await new Agent(
    path.join(folder, 'agent'),
    source(port) +
      relay(last, path.join(folder, 'buffer'), '', 'relay.**') +
      `
<match **>
  @type file
  path ${sliced}/all.%Y%m%d%H%M
  append true
  rotate_size 64k
  <format>
    @type json
  </format>
  <buffer time>
    @type file
    path ${folder}/slices
    timekey 1m
    timekey_wait 1s
    timekey_use_utc true
  </buffer>
</match>
`,
    { env },
  ).start();
  // Nobody listens at first: the relay is in the middle of its retries when the clock jumps.
  const time = () => Math.floor(Date.now() / 1000) + offset;
  const senders = [
    new Sender({ port, id: 1, interval: 10, time }),
    new Sender({ port, id: 2, interval: 10, time, tag: 'relay.a' }),
  ];
  const jumps = short ? 4 : 30;
  for (let n = 0; n < jumps; n += 1) {
    const before = senders.map((sender) => sender.acked);
    set(random.of([-1, 1]) * random.of([30, 3600, 86_400, 40 * 86_400]));
    await until(30, `acks after jump ${n}`, () =>
      senders.every((sender, i) => sender.acked > before[i] + 200),
    );
    progress(n + 1, jumps);
  }
  const next = await new Agent(
    path.join(folder, 'next'),
    source(last) +
      `<match **>\n@type file\npath ${relayed}/all\nappend true\n<format>\n@type json\n</format>\n<buffer []>\n</buffer>\n</match>\n`,
  ).start();
  for (const sender of senders) await sender.finish();
  const byRetry = await arrived(60, relayed, senders.slice(1));
  mustBeKept(byRetry);
  // To the end of every slice there has been.
  set(60 * 86_400);
  const bySlice = await arrived(90, sliced, senders.slice(0, 1));
  mustBeKept(bySlice);
  await pause(100);
  const codes = [(await agent.stop()).code, (await next.stop()).code];
  if (codes.some((code) => code !== 0)) throw new Error(`exit codes ${codes.join(', ')}`);
  return {
    jumps,
    acked: byRetry.acked + bySlice.acked,
    lost: 0,
    torn: 0,
    'files of slices': readdirSync(sliced).length,
  };
}

export const clockJumps = { name: 'clock', text: 'the clock jumps', run };
