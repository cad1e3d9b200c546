import { isUtf8 } from 'node:buffer';
import { bodySize, headSize, isBinary, isString } from '@sluice/event-stream/packed';

/** The bytes of a text that begins at `at`; undefined for a value of another type. */
export function textBytes(bytes: Buffer, at: number): Buffer | undefined {
  const first = bytes[at];
  if (!isString(first) && !isBinary(first)) return undefined;
  const start = at + headSize(first);
  return bytes.subarray(start, start + bodySize(bytes, at));
}

/** Whether the value is nil. */
export function isNil(bytes: Buffer, at: number): boolean {
  return bytes[at] === 0xc0;
}

const replacement = '\ufffd';
const replacementBytes = Buffer.from(replacement);

/** With a question mark in place of what is not UTF-8. Ruby: `scrub('?')`. */
export function withoutInvalid(text: Buffer): Buffer {
  if (isUtf8(text)) return text;
  const parts: string[] = [];
  let start = 0;
  // The character that decoding puts there may stand in the text itself.
  for (;;) {
    const found = text.indexOf(replacementBytes, start);
    const part = text.subarray(start, found < 0 ? text.length : found).toString('utf8');
    parts.push(part.replaceAll(replacement, '?'));
    if (found < 0) return Buffer.from(parts.join(replacement));
    start = found + replacementBytes.length;
  }
}
