import { randomBytes } from 'node:crypto';

const longNumber = /[[:,\s]-?\d{16,}/;
const tokens = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g;

// Nobody outside knows it, so no text of a peer can begin with it.
const mark = randomBytes(12).toString('hex');

/**
 * `JSON.parse` that keeps integers beyond 2^53: they are bigints.
 *
 * @throws SyntaxError
 */
export function parseExactJson(text: string): unknown {
  if (!longNumber.test(text)) return JSON.parse(text) as unknown;
  const marked = text.replace(tokens, (token) =>
    token.startsWith('"') || Number.isSafeInteger(Number(token)) ? token : `"${mark}${token}"`,
  );
  return JSON.parse(marked, (_key, value: unknown) =>
    typeof value === 'string' && value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value,
  ) as unknown;
}
