/**
 * The MessagePack facts that every scan shares. Nothing here recurses or allocates: a position
 * goes in, a position or a negative status comes out.
 */

/** The bytes end within the value. */
export const INCOMPLETE = -1;
/** The byte 0xc1, which MessagePack never uses: the framing is lost. */
export const MALFORMED = -2;

/**
 * How many containers may be nested in one entry, the limit of Ruby's MessagePack and thus of
 * Fluentd. An entry with more is invalid.
 */
export const MAX_DEPTH = 128;

/**
 * Whole size of a value by its first byte, where the first byte alone says it; 0 for all values
 * with a length or a count, and for extensions, which take the slower path.
 */
export const SIZE = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  if (byte < 0x80 || byte >= 0xe0) SIZE[byte] = 1;
  else if (byte === 0x80 || byte === 0x90) SIZE[byte] = 1;
  else if (byte >= 0xa0 && byte < 0xc0) SIZE[byte] = 1 + (byte & 0x1f);
}
for (const byte of [0xc0, 0xc2, 0xc3]) SIZE[byte] = 1;
for (const byte of [0xcc, 0xd0]) SIZE[byte] = 2;
for (const byte of [0xcd, 0xd1]) SIZE[byte] = 3;
for (const byte of [0xca, 0xce, 0xd2]) SIZE[byte] = 5;
for (const byte of [0xcb, 0xcf, 0xd3]) SIZE[byte] = 9;

/** Big-endian unsigned 16 bits. */
export function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

/** Big-endian unsigned 32 bits. */
export function u32(bytes: Uint8Array, at: number): number {
  return bytes[at] * 0x1000000 + ((bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]);
}

/**
 * The size of the head of a value: type byte, and length, count or extension type where it has
 * them. All that must be there before {@link bodySize} and {@link childCount} may be asked.
 */
export function headSize(first: number): number {
  switch (first) {
    case 0xc4:
    case 0xd9:
      return 2;
    case 0xc5:
    case 0xda:
    case 0xdc:
    case 0xde:
    case 0xc7:
      return 3;
    case 0xc8:
      return 4;
    case 0xc6:
    case 0xdb:
    case 0xdd:
    case 0xdf:
      return 5;
    case 0xc9:
      return 6;
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return 2;
    default:
      return 1;
  }
}

/** Bytes that follow the head and belong to this value alone; 0 for containers. */
export function bodySize(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  const size = SIZE[first];
  if (size !== 0) return size - 1;
  switch (first) {
    case 0xc4:
    case 0xd9:
    case 0xc7:
      return bytes[at + 1];
    case 0xc5:
    case 0xda:
    case 0xc8:
      return u16(bytes, at + 1);
    case 0xc6:
    case 0xdb:
    case 0xc9:
      return u32(bytes, at + 1);
    case 0xd4:
      return 1;
    case 0xd5:
      return 2;
    case 0xd6:
      return 4;
    case 0xd7:
      return 8;
    case 0xd8:
      return 16;
    default:
      return 0;
  }
}

/** How many values follow directly inside: elements of an array, keys and values of a map. */
export function childCount(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  if (first >= 0x80 && first < 0x90) return (first & 0x0f) * 2;
  if (first >= 0x90 && first < 0xa0) return first & 0x0f;
  switch (first) {
    case 0xdc:
      return u16(bytes, at + 1);
    case 0xdd:
      return u32(bytes, at + 1);
    case 0xde:
      return u16(bytes, at + 1) * 2;
    case 0xdf:
      return u32(bytes, at + 1) * 2;
    default:
      return 0;
  }
}

/** Whether a value that begins with this byte is a string. */
export function isString(first: number): boolean {
  return (first >= 0xa0 && first < 0xc0) || (first >= 0xd9 && first <= 0xdb);
}

/** Whether a value that begins with this byte is binary. */
export function isBinary(first: number): boolean {
  return first >= 0xc4 && first <= 0xc6;
}

/** Whether a value that begins with this byte is a map. */
export function isMap(first: number): boolean {
  return (first >= 0x80 && first < 0x90) || first === 0xde || first === 0xdf;
}

/** Whether a value that begins with this byte is an array. */
export function isArray(first: number): boolean {
  return (first >= 0x90 && first < 0xa0) || first === 0xdc || first === 0xdd;
}

/**
 * Skips one whole value by counting what is still to come, so that nesting costs nothing.
 *
 * @returns the position after the value, {@link INCOMPLETE} or {@link MALFORMED}
 */
export function skipValue(bytes: Uint8Array, at: number, end: number): number {
  let pos = at;
  let remaining = 1;
  while (remaining > 0) {
    if (pos >= end) return INCOMPLETE;
    const first = bytes[pos];
    const size = SIZE[first];
    if (size !== 0) {
      pos += size;
      remaining--;
      continue;
    }
    if (first === 0xc1) return MALFORMED;
    const head = headSize(first);
    if (pos + head > end) return INCOMPLETE;
    remaining += childCount(bytes, pos) - 1;
    pos += head + bodySize(bytes, pos);
  }
  return pos > end ? INCOMPLETE : pos;
}

/**
 * {@link skipValue} for bytes that come in pieces: remembers where it stopped, so that however
 * the bytes are cut each is looked at once.
 */
export class ValueSkipper {
  /** Where to go on; may lie beyond the bytes that are there. */
  pos = 0;
  /** Values still to come. */
  remaining = 0;
  private announced = 0;

  /** Values that have been passed since the start. */
  get values(): number {
    return this.announced - this.remaining;
  }

  /** Begins anew with a value, or with several in a row. */
  start(at: number, values = 1): void {
    this.pos = at;
    this.remaining = values;
    this.announced = values;
  }

  /** @returns the position after the last value, {@link INCOMPLETE} or {@link MALFORMED} */
  advance(bytes: Uint8Array, end: number): number {
    let pos = this.pos;
    let remaining = this.remaining;
    while (remaining > 0 && pos < end) {
      const first = bytes[pos];
      const size = SIZE[first];
      if (size !== 0) {
        pos += size;
        remaining--;
        continue;
      }
      if (first === 0xc1) return MALFORMED;
      const head = headSize(first);
      if (pos + head > end) break;
      const children = childCount(bytes, pos);
      this.announced += children;
      remaining += children - 1;
      pos += head + bodySize(bytes, pos);
    }
    this.pos = pos;
    this.remaining = remaining;
    return remaining > 0 || pos > end ? INCOMPLETE : pos;
  }
}
