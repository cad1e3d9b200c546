import type { FieldPath } from '@sluice/plugin';

type Container = Readonly<Record<string | number, unknown>>;

function step(value: unknown, name: string | number): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (typeof name === 'number') {
    return Array.isArray(value) ? (value.at(name) as unknown) : undefined;
  }
  if (Array.isArray(value) || !Object.hasOwn(value, name)) return undefined;
  return (value as Container)[name];
}

/** The value at the path in a decoded record; undefined where there is none. */
export function valueAt(record: unknown, path: FieldPath): unknown {
  return path.reduce(step, record);
}

/** The record without the value at the path; what is on the way to it is copied, not changed. */
export function without<T extends object>(record: T, [name, ...rest]: FieldPath): T {
  const inner = step(record, name);
  if (inner === undefined) return record;
  if (Array.isArray(record)) {
    const list = [...(record as unknown[])];
    const at = (name as number) < 0 ? (name as number) + list.length : (name as number);
    if (rest.length === 0) list.splice(at, 1);
    else list[at] = without(inner as object, rest);
    return list as unknown as T;
  }
  const copy = { ...record } as Record<string | number, unknown>;
  if (rest.length === 0) Reflect.deleteProperty(copy, name);
  else copy[name] = without(inner as object, rest);
  return copy as T;
}
