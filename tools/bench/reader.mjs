/**
 * `node tools/bench/reader.mjs`, after a build: what a byte costs in the reader alone, however the bytes are cut and however large the
 * chunks are: where reading is linear, the cost per event of one size of pieces stays the same
 * from chunk to chunk.
 */
import { ForwardReader } from '../../packages/forward-protocol/dist/index.js';
import { payload } from './forward/payloads.mjs';

const TOTAL = 100_000_000;

function fragmentation() {
  console.log('reader alone, 100 MB: CPU s per million events, by size of chunks and pieces');
  console.log('mode     chunk         64 KiB   1 KiB  7 bytes');
  for (const mode of ['packed', 'forward']) {
    for (const count of [1000, 10_000, 100_000, 1_000_000]) {
      const { bytes } = payload(mode, count);
      const times = Math.max(Math.round(TOTAL / bytes.length), 1);
      const costs = [65_536, 1024, 7].map((piece) => {
        const used = measure(bytes, times, piece);
        return ((used / (times * count)) * 1e6).toFixed(3).padStart(8);
      });
      const size = `${(bytes.length / 1e6).toFixed(1)} MB`.padStart(8);
      console.log(`${mode.padEnd(8)} ${size} ${costs.join(' ')}`);
    }
  }
}

function measure(bytes, times, piece) {
  let count = 0;
  const reader = new ForwardReader({ onMessage: (message) => (count += message.stream.count) });
  const pieces = [];
  for (let pos = 0; pos < bytes.length; pos += piece) pieces.push([pos, pos + piece]);
  const before = process.cpuUsage();
  for (let time = 0; time < times; time++) {
    for (const [start, end] of pieces) reader.push(bytes.subarray(start, end));
  }
  const { user, system } = process.cpuUsage(before);
  if (count === 0) throw new Error('nothing was read');
  return (user + system) / 1e6;
}

fragmentation();
