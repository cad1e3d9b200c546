import type { FileHandle } from 'node:fs/promises';
import { INCOMPLETE, isMap, MALFORMED, ValueSkipper } from '@sluice/event-stream/packed';
import { memberHeadSize, memberSize } from './gzip-member.js';

/**
 * Finds where a broken tail begins: what a crash has cut in the middle.
 *
 * @param from a place before which everything is whole, and at which something whole begins
 * @param to the size of the file
 * @returns where the last whole record ends, `to` if nothing is broken; undefined where the file
 *   does not look like one of this output's, so that nothing may be cut off
 */
export type TailRule = (file: FileHandle, from: number, to: number) => Promise<number | undefined>;

const blockSize = 256 * 1024;

/** Lines end with a newline: looks for the last one, from the end. */
export const lineTail: TailRule = async (file, from, to) => {
  const one = Buffer.alloc(1);
  const last = await file.read(one, 0, 1, to - 1);
  if (last.bytesRead === 1 && one[0] === 0x0a) return to;
  const block = Buffer.allocUnsafe(blockSize);
  for (let end = to; end > from;) {
    const start = Math.max(from, end - blockSize);
    const { bytesRead } = await file.read(block, 0, end - start, start);
    const newline = block.subarray(0, bytesRead).lastIndexOf(0x0a);
    if (newline >= 0) return start + newline + 1;
    end = start;
  }
  return from;
};

/** Records of MessagePack are maps, one after another: walks over them. */
export const msgpackTail: TailRule = async (file, from, to) => {
  const skipper = new ValueSkipper();
  let whole = from; // everything before is whole
  let at = from; // where the block begins
  let rest: Buffer = Buffer.alloc(0);
  skipper.start(0);
  let begins = true; // whether a new record begins where the skipper is
  while (at + rest.length < to) {
    const more = Buffer.allocUnsafe(Math.min(blockSize, to - at - rest.length));
    const { bytesRead } = await file.read(more, 0, more.length, at + rest.length);
    if (bytesRead === 0) break;
    const bytes = Buffer.concat([rest, more.subarray(0, bytesRead)]);
    for (;;) {
      if (begins) {
        if (skipper.pos === bytes.length) break;
        if (!isMap(bytes[skipper.pos])) return undefined;
        begins = false;
      }
      const next = skipper.advance(bytes, bytes.length);
      if (next === MALFORMED) return undefined;
      if (next === INCOMPLETE) break;
      whole = at + next;
      skipper.start(next);
      begins = true;
    }
    // Only what the skipper has not passed yet is needed again.
    const keep = Math.min(skipper.pos, bytes.length);
    rest = Buffer.from(bytes.subarray(keep));
    at += keep;
    skipper.pos -= keep;
  }
  return whole;
};

/** Members of a gzip file say how long they are: hops from one to the next. */
export const gzipTail: TailRule = async (file, from, to) => {
  const block = Buffer.allocUnsafe(blockSize);
  let blockStart = 0;
  let blockEnd = 0;
  let pos = from;
  while (pos < to) {
    if (to - pos < memberHeadSize) return pos;
    if (pos < blockStart || pos + memberHeadSize > blockEnd) {
      const { bytesRead } = await file.read(block, 0, Math.min(blockSize, to - pos), pos);
      blockStart = pos;
      blockEnd = pos + bytesRead;
      if (bytesRead < memberHeadSize) return pos;
    }
    const size = memberSize(block, pos - blockStart);
    if (size === undefined) return undefined;
    if (pos + size > to) return pos;
    pos += size;
  }
  return pos;
};
