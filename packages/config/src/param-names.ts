import { snakeCase } from './names.js';
import type { ParamMeta } from './param-type.js';
import type { RawSubsection, Subsection } from './section-types.js';

/** The names that a parameter may have in the file, the proper one first. */
export function namesOf(key: string, meta: ParamMeta): string[] {
  const alias = meta.alias === undefined ? [] : [meta.alias].flat();
  return [meta.name ?? snakeCase(key), ...alias];
}

/** The names that a section inside may have in the file, the proper one first. */
export function subsectionNames(subsection: Subsection | RawSubsection): string[] {
  if ('raw' in subsection) return [subsection.raw];
  const { section, alias } = subsection;
  return alias === undefined ? [section.name] : [section.name, alias];
}
