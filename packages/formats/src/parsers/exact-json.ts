import { randomBytes } from 'node:crypto';
import { FloatValue } from '@sluice/event-stream';

const oddNumber = /[[:,\s](?:-?(?:\d{16,}|\d+(?:\.0+(?!\d)|(?:\.\d+)?[eE]))|-0(?!\.))/;
const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;

const brackets = /"(?:[^"\\]|\\.)*"|[[\]{}]/g;
/** As in Ruby's JSON. */
const mostDepth = 100;

// Nobody outside knows it, so no text of a peer can begin with it.
const mark = randomBytes(12).toString('hex');

/**
 * `JSON.parse` that keeps integers beyond 2^53, as bigints, and floats without a fraction, as
 * FloatValues: 1.0 is not 1. The integer -0 is 0.
 *
 * @throws SyntaxError
 */
export function parseExactJson(text: string): unknown {
  if (text.length > 2 * mostDepth && isTooDeep(text)) {
    throw new SyntaxError(`nested more than ${mostDepth} deep`);
  }
  if (!oddNumber.test(text)) return JSON.parse(text) as unknown;
  // What is marked must be JSON: a number such as 01 is told by what is not.
  JSON.parse(text);
  const marked = text.replace(tokens, (token) =>
    token.startsWith('"') || isUsual(token) ? token : `"${mark}${token}"`,
  );
  return JSON.parse(marked, (_key, value: unknown) =>
    typeof value === 'string' && value.startsWith(mark) ? exact(value.slice(mark.length)) : value,
  ) as unknown;
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  for (const [token] of text.matchAll(brackets)) {
    if (token === '{' || token === '[') {
      if (++depth > mostDepth) return true;
    } else if (!token.startsWith('"')) depth--;
  }
  return false;
}

/** Whether JSON.parse makes of a number what it is. */
function isUsual(token: string): boolean {
  const value = Number(token);
  if (!/^-?\d+$/.test(token)) return !Number.isInteger(value);
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}

function exact(token: string): bigint | FloatValue {
  return /^-?\d+$/.test(token) ? BigInt(token) : new FloatValue(Number(token));
}
