import type { Value } from '@sluice/formats/ruby';
import type { FieldPath } from '@sluice/plugin';

/** The value without what the path leads to. */
export function without(value: Value, [step, ...rest]: FieldPath): Value {
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
