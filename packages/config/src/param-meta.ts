import { z } from 'zod';

/** What a schema says about a parameter besides its type, default and description. */
export interface ParamMeta {
  /** The parameter's name in the file. Default: the schema's key in snake case. */
  readonly name?: string;
  /** The value is masked in dumps and errors. */
  readonly secret?: boolean;
  /** Other names that the file may use (Fluentd's `alias`). */
  readonly alias?: string | readonly string[];
  /** Still works, but warns with this text, which says what to use instead. */
  readonly deprecated?: string;
  /** No longer works: its use is an error with this text. */
  readonly obsoleted?: string;
}

/** What the parameter types of this package record about themselves. */
interface TypeMeta extends ParamMeta {
  /** Fluentd's name for the type: `string`, `integer`, `size`, … */
  readonly type?: string;
  /** An enum's values. */
  readonly values?: readonly string[];
  /** The text that the type reads as this value; undefined where there is none. */
  readonly write?: (value: unknown) => string | undefined;
}

// One for all copies of this package, as zod's own: a plugin that brings its own defines a section,
// and the agent masks its secrets.
const registryKey: unique symbol = Symbol.for('@sluice/config.registry');
const globals = globalThis as { [registryKey]?: z.core.$ZodRegistry<TypeMeta> };
const registry = (globals[registryKey] ??= z.registry<TypeMeta>());

/** Records metadata on a schema that was just made. */
export function mark<S extends z.ZodType>(schema: S, meta: TypeMeta): S {
  registry.add(schema, { ...registry.get(schema), ...meta });
  return schema;
}

/**
 * Gives a parameter an alias, another name, or marks it secret, deprecated or obsoleted.
 *
 * @param schema - a parameter's schema; it is not changed
 * @returns a schema of the same type
 */
export function param<S extends z.ZodType>(schema: S, meta: ParamMeta): S {
  return mark(schema.clone(), { ...metaOf(schema), ...meta });
}

/** Marks a parameter as secret: passwords, keys, tokens. */
export function secret<S extends z.ZodType>(schema: S): S {
  return param(schema, { secret: true });
}

/** What is known of a schema; what an outer wrapper (`default`, `optional`, …) says comes first. */
export function metaOf(schema: z.ZodType): TypeMeta & { description?: string } {
  const description = schema.description;
  const own = registry.get(schema) ?? {};
  const inner = innerOf(schema);
  return {
    ...(inner ? metaOf(inner) : { type: zodTypeName(schema) }),
    ...own,
    ...(description === undefined ? {} : { description }),
  };
}

/** The schema that a wrapper wraps, or that a pipe takes its input with. */
function innerOf(schema: z.ZodType): z.ZodType | undefined {
  const def = schema.def as { innerType?: z.ZodType; in?: z.ZodType };
  return def.innerType ?? def.in;
}

/** The name for schemas that are plain zod. */
function zodTypeName(schema: z.ZodType): string {
  const { type } = schema.def;
  return type === 'number' ? 'float' : type === 'boolean' ? 'bool' : type;
}
