import type { ParamMeta, ParamType } from './param-type.js';

/**
 * Gives a parameter an alias, another name, or marks it secret, deprecated or obsoleted.
 *
 * @param type - a parameter's type; it is not changed
 * @returns a type of the same values
 */
export function param<T>(type: ParamType<T>, meta: ParamMeta): ParamType<T> {
  return type.with(meta);
}

/** Marks a parameter as secret: passwords, keys, tokens. */
export function secret<T>(type: ParamType<T>): ParamType<T> {
  return type.with({ secret: true });
}
