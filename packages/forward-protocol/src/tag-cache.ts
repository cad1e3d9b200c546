const SLOTS = 512;
const LONGEST = 128;

const keys: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(SLOTS).fill(undefined);
const tags: string[] = new Array<string>(SLOTS).fill('');

/**
 * The string of a tag. The same bytes give the same string without decoding them again; the cache
 * is shared by all connections and bounded (512 tags of at most 128 bytes).
 */
export function readTag(bytes: Buffer, start: number, end: number): string {
  const size = end - start;
  if (size > LONGEST) return bytes.toString('utf8', start, end);
  let hash = size;
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]) | 0;
  const slot = hash & (SLOTS - 1);
  const key = keys[slot];
  if (key?.length === size) {
    let i = 0;
    while (i < size && key[i] === bytes[start + i]) i++;
    if (i === size) return tags[slot];
  }
  const tag = bytes.toString('utf8', start, end);
  keys[slot] = Uint8Array.prototype.slice.call(bytes, start, end);
  tags[slot] = tag;
  return tag;
}
