import fc from 'fast-check';

/** A head byte and a length or number of `width` bytes, big-endian. */
function sized(type: number, width: number, value: number | bigint): Buffer {
  const bytes = Buffer.alloc(1 + width);
  bytes[0] = type;
  let rest = BigInt.asUintN(64, BigInt(value));
  for (let i = width; i > 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

function float(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(type === 0xca ? 5 : 9);
  bytes[0] = type;
  if (type === 0xca) bytes.writeFloatBE(value, 1);
  else bytes.writeDoubleBE(value, 1);
  return bytes;
}

const WIDTHS = [1, 2, 4];

/** A value with a length in any of the widths that hold it, not only in the shortest. */
const body = (first: number, data: Buffer): fc.Arbitrary<Buffer> =>
  fc
    .constantFrom(0, 1, 2)
    .filter((n) => data.length < 2 ** (8 * WIDTHS[n]))
    .map((n) => Buffer.concat([sized(first + n, WIDTHS[n], data.length), data]));

const container = (fix: number, first: number, count: number, parts: Buffer[]): Buffer =>
  Buffer.concat([count < 16 ? Buffer.of(fix + count) : sized(first, 2, count), ...parts]);

export const integer: fc.Arbitrary<Buffer> = fc.oneof(
  fc.integer({ min: 0, max: 0x7f }).map((n) => Buffer.of(n)),
  fc.integer({ min: 0xe0, max: 0xff }).map((n) => Buffer.of(n)),
  ...[1, 2, 4, 8].flatMap((width, n) => [
    fc.bigInt({ min: 0n, max: 2n ** BigInt(8 * width) - 1n }).map((v) => sized(0xcc + n, width, v)),
    fc
      .bigInt({ min: -(2n ** BigInt(8 * width - 1)), max: 2n ** BigInt(8 * width - 1) - 1n })
      .map((v) => sized(0xd0 + n, width, v)),
  ]),
  fc
    .constantFrom(2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n))
    .map((v) => sized(0xd3, 8, v)),
  fc.constantFrom(2n ** 64n - 1n, 2n ** 63n).map((v) => sized(0xcf, 8, v)),
);

const text: fc.Arbitrary<Buffer> = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.string({ maxLength: 300 }),
  )
  // Lone surrogates have no bytes.
  .map((string) => Buffer.from(string));

export const string: fc.Arbitrary<Buffer> = text.chain((data) =>
  data.length < 32
    ? fc.oneof(fc.constant(Buffer.concat([Buffer.of(0xa0 + data.length), data])), body(0xd9, data))
    : body(0xd9, data),
);

/** Bytes that are hardly ever UTF-8, as a string. */
export const brokenString: fc.Arbitrary<{ data: Buffer; bytes: Buffer }> = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
      fc.string({ unit: 'binary', maxLength: 6 }).map((string) => Buffer.from(string)),
      fc
        .constantFrom([0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc0, 0x80], [0xe2, 0x82])
        .map((bytes) => Buffer.from(bytes)),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.concat(parts))
  .map((data) => ({ data, bytes: Buffer.concat([sized(0xda, 2, data.length), data]) }));

const binary: fc.Arbitrary<Buffer> = fc
  .oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    text,
  )
  .chain((data) => body(0xc4, data));

const scalar: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 4, arbitrary: string },
  { weight: 3, arbitrary: integer },
  fc.constantFrom(0xc0, 0xc2, 0xc3).map((byte) => Buffer.of(byte)),
  fc.double().map((value) => float(0xcb, value)),
  fc.float().map((value) => float(0xca, value)),
  binary,
);

/** Any value without extensions. */
export const { value } = fc.letrec<{ value: Buffer }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    { weight: 5, arbitrary: scalar },
    fc
      .array(tie('value'), { maxLength: 20 })
      .map((parts) => container(0x90, 0xdc, parts.length, parts)),
    mapOf(string, tie('value')),
  ),
}));

function mapOf(key: fc.Arbitrary<Buffer>, content: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  return fc
    .array(fc.tuple(key, content), { maxLength: 20 })
    .map((pairs) => container(0x80, 0xde, pairs.length, pairs.flat()));
}

/** A record: string keys, each once (decoding does not say what a duplicate means). */
export const record: fc.Arbitrary<Buffer> = fc
  .array(fc.tuple(fc.nat(9999), value), { maxLength: 20 })
  .map((pairs) => {
    const unique = new Map(
      pairs.map(([n, content]) => [`key ${n} ü`.slice(0, 4 + (n % 9)), content]),
    );
    const parts = [...unique].flatMap(([key, content]) => {
      const data = Buffer.from(key);
      return [Buffer.of(0xa0 + data.length), data, content];
    });
    return container(0x80, 0xde, unique.size, parts);
  });

export const time: fc.Arbitrary<Buffer> = fc.oneof(
  fc
    .tuple(fc.integer({ min: 1, max: 0xffff_ffff }), fc.integer({ min: 0, max: 999_999_999 }))
    .chain(([seconds, nanos]) => {
      const data = Buffer.alloc(8);
      data.writeUInt32BE(seconds);
      data.writeUInt32BE(nanos, 4);
      return fc.constantFrom(
        Buffer.concat([Buffer.from([0xd7, 0]), data]),
        Buffer.concat([Buffer.from([0xc7, 8, 0]), data]),
      );
    }),
  fc.integer({ min: 1, max: 0xffff_ffff }).map((seconds) => sized(0xce, 4, seconds)),
  fc.double({ min: 1, max: 4e9, noNaN: true }).map((seconds) => float(0xcb, seconds)),
);

export const entry: fc.Arbitrary<Buffer> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(time, record).map((parts) => Buffer.concat([Buffer.of(0x92), ...parts])),
  },
  fc
    .tuple(time, record, record)
    .map(([when, metadata, content]) =>
      Buffer.concat([Buffer.from([0x92, 0x92]), when, metadata, content]),
    ),
);

/** Whole values that are not entries. */
export const notAnEntry: fc.Arbitrary<Buffer> = fc.oneof(
  scalar,
  fc.tuple(string, record).map((parts) => Buffer.concat([Buffer.of(0x92), ...parts])),
  fc.tuple(time, scalar).map((parts) => Buffer.concat([Buffer.of(0x92), ...parts])),
  fc.tuple(time, record, value).map((parts) => Buffer.concat([Buffer.of(0x93), ...parts])),
);
