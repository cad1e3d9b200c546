import { inspect } from 'node:util';

/**
 * A buffer that does not show itself: `console.log`, `util.inspect`, `JSON.stringify` and a logger
 * print a placeholder. Node's TLS server keeps its key in a public property, so the key itself has
 * to be safe to print.
 *
 * @param what the placeholder, for example `private key`.
 */
export function secretBuffer(bytes: Buffer, what: string): Buffer {
  const hide = { value: () => `[${what}]`, enumerable: false };
  return Object.defineProperties(bytes, { [inspect.custom]: hide, toJSON: hide });
}
