/** Changes bytes: what fuzzers have found to work. */

const interesting = [
  0, 1, 0x7f, 0x80, 0x90, 0x92, 0xa0, 0xc0, 0xc1, 0xc4, 0xc6, 0xcf, 0xd7, 0xdb, 0xdd, 0xdf, 0xe0,
  0xff, 0x0a, 0x22, 0x23, 0x3c, 0x5b, 0x7b,
];
const largest = 4096;

/** @param corpus what to begin with @returns other bytes */
export function mutate(random, corpus) {
  let bytes = Buffer.from(random.of(corpus));
  const times = random.between(1, 6);
  for (let n = 0; n < times; n += 1) bytes = random.of(ways)(bytes, random, corpus);
  return bytes.length > largest ? bytes.subarray(0, largest) : bytes;
}

const at = (bytes, random) => random.between(0, Math.max(bytes.length - 1, 0));

const splice = (bytes, from, to, middle) =>
  Buffer.concat([bytes.subarray(0, from), middle, bytes.subarray(to)]);

const ways = [
  (bytes, random) => {
    if (bytes.length > 0) bytes[at(bytes, random)] ^= 1 << random.between(0, 7);
    return bytes;
  },
  (bytes, random) => {
    if (bytes.length > 0) bytes[at(bytes, random)] = random.of(interesting);
    return bytes;
  },
  (bytes, random) => {
    if (bytes.length > 0) bytes[at(bytes, random)] = random.between(0, 255);
    return bytes;
  },
  // A length that is not right.
  (bytes, random) => {
    if (bytes.length < 5) return bytes;
    const value = random.of([0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, random.between(0, 70_000)]);
    bytes.writeUInt32BE(value, random.between(0, bytes.length - 4));
    return bytes;
  },
  (bytes, random) => bytes.subarray(0, at(bytes, random)),
  (bytes, random) => {
    const from = at(bytes, random);
    return splice(bytes, from, from + random.between(1, 16), Buffer.alloc(0));
  },
  (bytes, random) => {
    const from = at(bytes, random);
    const part = Buffer.from(bytes.subarray(from, from + random.between(1, 32)));
    const to = at(bytes, random);
    return splice(bytes, to, to, part);
  },
  (bytes, random) => {
    const to = at(bytes, random);
    const made = Buffer.from(
      Array.from({ length: random.between(1, 8) }, () => random.of(interesting)),
    );
    return splice(bytes, to, to, made);
  },
  (bytes, random, corpus) => {
    const other = random.of(corpus);
    return Buffer.concat([bytes.subarray(0, at(bytes, random)), other.subarray(at(other, random))]);
  },
  // Nesting.
  (bytes, random) => {
    const to = at(bytes, random);
    return splice(
      bytes,
      to,
      to,
      Buffer.alloc(random.between(1, 300), random.of([0x91, 0x5b, 0x3c, 0x81])),
    );
  },
];
