import type { FieldPath } from '@sluice/plugin';

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function child(value: unknown, step: string | number): unknown {
  if (typeof step === 'number')
    return Array.isArray(value) ? (value.at(step) as unknown) : undefined;
  return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

/** The value at the path in a decoded record; undefined where there is none. */
export function getField(record: unknown, path: FieldPath): unknown {
  let value = record;
  for (const step of path) {
    value = child(value, step);
    if (value === undefined) return undefined;
  }
  return value;
}

/**
 * Takes the value at the path out of a decoded record, which is changed on the way down only where
 * it may be: the containers on the path are copied.
 */
export function withoutField<T>(record: T, path: FieldPath): T {
  const [step, ...rest] = path;
  const inner = child(record, step);
  if (inner === undefined) return record;
  const left = rest.length === 0 ? undefined : withoutField(inner, rest);
  if (Array.isArray(record)) {
    const index = step as number;
    if (rest.length > 0) return record.with(index, left) as T;
    return (record as unknown[]).toSpliced(index, 1) as T;
  }
  const copy = { ...record } as Record<string, unknown>;
  if (rest.length > 0) copy[step] = left;
  else Reflect.deleteProperty(copy, step);
  return copy as T;
}
