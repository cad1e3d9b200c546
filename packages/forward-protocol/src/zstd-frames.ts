const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const SKIPPABLE_MASK = 0xfffffff0;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];
const DICTIONARY_BYTES = [0, 1, 2, 4];
const RLE = 1;
const RESERVED = 3;

/**
 * Cuts a payload into its zstd frames by their heads alone (RFC 8878): the decoder of Node.js
 * before 26 stops with an error after the first.
 *
 * @returns undefined where the frames do not fill the payload or there are more than `most`
 */
export function splitZstdFrames(payload: Buffer, most: number): Buffer[] | undefined {
  const frames: Buffer[] = [];
  let pos = 0;
  while (pos < payload.length) {
    const end = frameEnd(payload, pos);
    if (end === undefined || end > payload.length || frames.length >= most) return undefined;
    // Skippable frames hold nothing.
    if (payload.readUInt32LE(pos) === MAGIC) frames.push(payload.subarray(pos, end));
    pos = end;
  }
  return frames;
}

function frameEnd(bytes: Buffer, start: number): number | undefined {
  if (start + 8 > bytes.length) return undefined;
  const magic = bytes.readUInt32LE(start);
  if ((magic & SKIPPABLE_MASK) >>> 0 === SKIPPABLE)
    return start + 8 + bytes.readUInt32LE(start + 4);
  if (magic !== MAGIC) return undefined;
  const descriptor = bytes[start + 4];
  const single = (descriptor >> 5) & 1;
  const contentSize = CONTENT_SIZE_BYTES[descriptor >> 6] || single;
  let pos = start + 5 + (1 - single) + DICTIONARY_BYTES[descriptor & 3] + contentSize;
  for (;;) {
    if (pos + 3 > bytes.length) return undefined;
    const head = bytes.readUIntLE(pos, 3);
    const type = (head >> 1) & 3;
    if (type === RESERVED) return undefined;
    pos += 3 + (type === RLE ? 1 : head >> 3);
    if ((head & 1) === 1) break;
  }
  return pos + (descriptor & 4); // a checksum has four bytes
}
