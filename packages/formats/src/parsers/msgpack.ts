import { decodeValue } from '@sluice/event-stream';
import { skipValue } from '@sluice/event-stream/packed';
import type { ParsedCallback } from '@sluice/plugin';
import { define } from './define.js';
import { isRecord } from './json.js';
import { RecordParser } from './text-parser.js';

class MsgpackParser extends RecordParser {
  override readonly takesBytes = true;

  protected read(bytes: Buffer, found: ParsedCallback): void {
    let wrong = 0;
    for (let at = 0; at < bytes.length;) {
      const end = skipValue(bytes, at, bytes.length);
      if (end <= at) throw this.error(end === -1 ? 'cut short' : 'no MessagePack');
      wrong += this.#value(bytes.subarray(at, end), found);
      at = end;
    }
    if (wrong > 0) throw this.error(`${wrong} values are not maps`);
  }

  #value(bytes: Buffer, found: ParsedCallback): number {
    let value: unknown;
    try {
      // Its Buffers are views on bytes that are valid during the call only.
      value = owned(decodeValue(bytes));
    } catch (error) {
      throw this.error('no MessagePack', error);
    }
    let wrong = 0;
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (isRecord(item)) this.finish(item, found);
      else wrong++;
    }
    return wrong;
  }
}

function owned(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(owned);
  if (!isRecord(value) || Object.getPrototypeOf(value) !== Object.prototype) return value;
  for (const key of Object.keys(value)) {
    const inner = value[key];
    if (typeof inner !== 'object' || inner === null) continue;
    const copy = owned(inner);
    if (copy !== inner) value[key] = copy;
  }
  return value;
}

/** `@type msgpack`. Fluentd: `parser_msgpack`. */
export const msgpackParser = define({
  type: 'msgpack',
  description: 'Maps of MessagePack, one after another, or in arrays.',
  create: (context, config) => new MsgpackParser(context, 'msgpack', config),
});
