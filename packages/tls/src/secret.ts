import { inspect } from 'node:util';

const hidden = '[private key]';

/**
 * A buffer that does not show itself: `console.log`, `util.inspect`, `JSON.stringify` and a logger
 * print a placeholder. Node's TLS server keeps its key in a public property, so the key itself has
 * to be safe to print.
 */
export function secretBuffer(bytes: Buffer): Buffer {
  const hide = { value: () => hidden, enumerable: false };
  return Object.defineProperties(bytes, { [inspect.custom]: hide, toJSON: hide });
}
