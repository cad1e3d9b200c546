import { childCount, headSize, isText, skipValue } from '@sluice/event-stream/packed';
import { fromPacked, packValue, type Value } from '@sluice/formats/ruby';
import type { FieldPath } from '@sluice/plugin';

/** A field: its name and its value, as MessagePack. */
interface Field {
  key: Buffer;
  value: Buffer;
}

/** A record that is changed without being decoded; fields keep their order, as in Ruby's hash. */
export class PackedRecord {
  readonly #fields: Field[] = [];

  /** Adds the fields of a record. */
  addAll(bytes: Buffer, record: number): void {
    let at = record + headSize(bytes[record]);
    for (let pairs = childCount(bytes, record) / 2; pairs > 0; pairs--) {
      const value = skipValue(bytes, at, bytes.length);
      const end = skipValue(bytes, value, bytes.length);
      this.#fields.push({ key: bytes.subarray(at, value), value: bytes.subarray(value, end) });
      at = end;
    }
  }

  /** Adds the fields of these names that the record has, in the order of the names. */
  addOnly(names: readonly string[], bytes: Buffer, record: number): void {
    const all = new PackedRecord();
    all.addAll(bytes, record);
    for (const text of names) {
      const name = Buffer.from(text);
      const field = all.#fields.findLast(({ key }) => isText(key, 0, name));
      if (field !== undefined) this.#fields.push(field);
    }
  }

  /** The value of a field; undefined where there is none. */
  get(name: Buffer): Buffer | undefined {
    return this.#fields.findLast(({ key }) => isText(key, 0, name))?.value;
  }

  /** @param key the name as MessagePack, for a field that is new */
  set(name: Buffer, key: Buffer, value: Buffer): void {
    const field = this.#fields.find((other) => isText(other.key, 0, name));
    if (field === undefined) this.#fields.push({ key, value });
    else field.value = value;
  }

  /** Takes out what the path leads to. */
  delete(path: FieldPath): void {
    const [first, ...rest] = path;
    const name = Buffer.from(String(first));
    for (let at = this.#fields.length - 1; at >= 0; at--) {
      const field = this.#fields[at];
      if (!isText(field.key, 0, name)) continue;
      if (rest.length === 0) this.#fields.splice(at, 1);
      else field.value = packValue(without(fromPacked(field.value, 0), rest));
    }
  }

  /** The record as MessagePack, with `head` before it. */
  pack(head: Buffer): Buffer {
    const { length } = this.#fields;
    const map =
      length < 16
        ? Buffer.from([0x80 + length])
        : length < 0x1_00_00
          ? Buffer.from([0xde, length >> 8, length & 0xff])
          : Buffer.from([
              0xdf,
              length >>> 24,
              (length >> 16) & 0xff,
              (length >> 8) & 0xff,
              length & 0xff,
            ]);
    const parts = [head, map];
    for (const { key, value } of this.#fields) parts.push(key, value);
    return Buffer.concat(parts);
  }
}

function without(value: Value, [step, ...rest]: FieldPath): Value {
  if (Array.isArray(value) && typeof step === 'number') {
    const at = step < 0 ? step + value.length : step;
    if (at >= 0 && at < value.length) {
      if (rest.length === 0) value.splice(at, 1);
      else value[at] = without(value[at], rest);
    }
  } else if (value instanceof Map) {
    const inner = value.get(step);
    if (inner !== undefined && rest.length > 0) value.set(step, without(inner, rest));
    else if (rest.length === 0) value.delete(step);
  }
  return value;
}
