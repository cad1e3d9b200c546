import type { ParamType } from './param-type.js';
import { readSection } from './read-section.js';
import type {
  ParamSchemas,
  Section,
  SectionSchema,
  SectionValue,
  SubsectionSchemas,
} from './section-types.js';

/**
 * Defines a section (Fluentd's `config_section` and `config_param`) by types of parameters. The type of what
 * it reads follows from them.
 */
export function defineSection<
  // An empty record is what "no parameters" is.
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type
  P extends ParamSchemas = {},
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type
  A extends ParamSchemas = {},
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type
  const S extends SubsectionSchemas = {},
  R extends ParamType<unknown> | undefined = undefined,
>(schema: SectionSchema<P, A, S, R>): Section<SectionValue<P, A, S, R>> {
  const untyped = schema as unknown as SectionSchema;
  return {
    name: schema.name,
    schema: untyped,
    read: (element, context = {}) =>
      readSection(untyped, element, context) as SectionValue<P, A, S, R>,
  };
}
