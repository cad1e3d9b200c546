/** What has arrived, counted, and compared with what was acknowledged. */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { filesIn } from './agent.mjs';

/** Counts of each sender's events in the files of a folder; every line has to be whole. */
export async function countEvents(folder) {
  const counts = new Map();
  let torn = 0;
  let events = 0;
  for (const file of filesIn(folder)) {
    const input = createReadStream(file, { highWaterMark: 1024 * 1024 });
    let rest = '';
    for await (const piece of file.endsWith('.gz') ? input.pipe(createGunzip()) : input) {
      const lines = (rest + piece.toString('latin1')).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        const event = parse(line);
        if (event === undefined) torn += 1;
        else {
          const of = counts.get(event.s) ?? new Map();
          counts.set(event.s, of);
          of.set(event.n, (of.get(event.n) ?? 0) + 1);
          events += 1;
        }
      }
    }
    if (rest !== '') torn += 1;
  }
  return { counts, torn, events };
}

function parse(line) {
  try {
    const event = JSON.parse(line);
    return typeof event.s === 'number' && typeof event.n === 'number' ? event : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Compares.
 *
 * @returns how many acknowledged events are missing, lines that are torn, and events that are there
 *   more than once: those that their sender sent again, and others
 */
export async function compare(folder, senders) {
  const { counts, torn, events } = await countEvents(folder);
  let [lost, repeated, unexplained, acked] = [0, 0, 0, 0];
  for (const sender of senders) {
    const { id, perChunk } = sender.options;
    const of = counts.get(id) ?? new Map();
    acked += sender.acked;
    for (const chunk of sender.ackedChunks) {
      for (let n = chunk * perChunk; n < (chunk + 1) * perChunk; n += 1) if (!of.has(n)) lost += 1;
    }
    for (const [n, count] of of) {
      if (count === 1) continue;
      if (sender.resent.has(Math.floor(n / perChunk))) repeated += count - 1;
      else unexplained += count - 1;
    }
  }
  return { acked, events, lost, torn, repeated, unexplained };
}

/** Waits until every acknowledged event is there. @returns what `compare` does */
export async function arrived(seconds, folder, senders) {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const found = await compare(folder, senders);
    if (found.lost === 0 || performance.now() > end) return found;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** @throws Error for anything that is lost or torn */
export function mustBeKept({ lost, torn, acked }) {
  if (acked === 0) throw new Error('nothing was acknowledged: this shows nothing');
  if (lost > 0) throw new Error(`${lost} acknowledged events are lost`);
  if (torn > 0) throw new Error(`${torn} lines are torn`);
}
