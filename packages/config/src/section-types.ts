import type { ConfigElement } from './config-element.js';
import type { ConfigError } from './config-error.js';
import type { ConfigLogger } from './logger.js';
import type { ParamOutput, ParamType } from './param-type.js';

/** Parameters by the key that they have in code (camelCase). */
export type ParamSchemas = Record<string, ParamType<unknown>>;

/** How a section may occur inside another. */
export interface SubsectionOptions {
  /** It must be there. */
  readonly required?: boolean;
  /** It may be there several times; the value is then an array. Default: false, once at most. */
  readonly multiple?: boolean;
  /** Where it is absent, its value is that of an empty section, with all defaults. */
  readonly init?: boolean;
  /** Another name that the file may use. */
  readonly alias?: string;
}

/** A section inside a section. */
export interface Subsection extends SubsectionOptions {
  /** What it is read with. */
  readonly section: Section<unknown>;
}

/** A section inside a section that is left unread, for whoever knows what it means. */
export interface RawSubsection {
  /** The section's name in the file. */
  readonly raw: string;
  /** It must be there. Default: false. */
  readonly required?: boolean;
  /** It may be there several times. Default: false, once at most. */
  readonly multiple?: boolean;
  /** What it is for, as a sentence or two for people. */
  readonly description?: string;
}

/** The sections inside of a section, by the names that a program has for them. */
export type SubsectionSchemas = Record<string, Subsection | RawSubsection>;

type SubsectionContent<S> = S extends { section: Section<infer T> } ? T : ConfigElement;
/** What a subsection is read into: its values, undefined where it may be absent, or an array. */
export type SubsectionValue<S> = S extends { multiple: true }
  ? SubsectionContent<S>[]
  : S extends { required: true } | { init: true }
    ? SubsectionContent<S>
    : SubsectionContent<S> | undefined;

/** The same type, shown as one object. */
export type Simplify<T> = { [K in keyof T]: T[K] } & {};

/** The value that a section with these schemas is read into. */
export type SectionValue<
  P extends ParamSchemas,
  A extends ParamSchemas,
  S extends SubsectionSchemas,
  R,
> = Simplify<
  { [K in keyof P]: ParamOutput<P[K]> } & { [K in keyof A]: ParamOutput<A[K]> } & {
    [K in keyof S]: SubsectionValue<S[K]>;
  } & ([R] extends [ParamType<unknown>]
      ? {
          /** The parameters that have no schema of their own, by their names in the file. */
          rest: Record<string, ParamOutput<R>>;
        }
      : unknown)
>;

/** Reports a mistake that a section's `check` found. */
export interface CheckContext {
  /** The section that is being checked. */
  readonly element: ConfigElement;
  /** Takes warnings; undefined where nobody wants them. */
  readonly log: ConfigLogger | undefined;
  /**
   * The error to throw.
   *
   * @param key - the parameter at fault by its key in code; undefined for the section as a whole
   */
  readonly error: (key: string | undefined, message: string, hint?: string) => ConfigError;
}

/** What a section may hold. */
export interface SectionSchema<
  P extends ParamSchemas = ParamSchemas,
  A extends ParamSchemas = ParamSchemas,
  S extends SubsectionSchemas = SubsectionSchemas,
  R extends ParamType<unknown> | undefined = ParamType<unknown> | undefined,
> {
  /** The section's name in the file: `transport` for `<transport tls>`. */
  readonly name: string;
  /** One or two sentences for people. */
  readonly description?: string;
  /** The section's argument, as the one entry of a record: `{ protocol: … }`. */
  readonly argument?: A;
  /** The parameters by their keys in code; `lingerTimeout` is `linger_timeout` in the file. */
  readonly params?: P;
  /** The sections inside, by their keys in code. */
  readonly sections?: S;
  /** Takes any other parameter, as `<record>` does; the value has them as `rest`. */
  readonly rest?: R;
  /**
   * What an unknown parameter or section is: a warning, or an error, for sections in which a name
   * that is spelled wrong would leave a door open (default: `warn`).
   */
  readonly unknown?: 'warn' | 'error';
  /** Checks what several parameters must fulfil together. */
  readonly check?: (
    value: SectionValue<NoInfer<P>, NoInfer<A>, NoInfer<S>, NoInfer<R>>,
    context: CheckContext,
  ) => void;
}

/** What goes along while a section is read. */
export interface ReadContext {
  /** Takes warnings: unknown and deprecated parameters, unused sections. */
  readonly log?: ConfigLogger | undefined;
  /** Sections that someone else reads: no warning for them. */
  readonly ignoreSections?: readonly string[];
  /** Parameters that someone else reads: no warning for them. */
  readonly ignoreParams?: readonly string[];
}

/** A section's definition; see {@link defineSection}. */
export interface Section<T> {
  /** As in the file: `transport`. */
  readonly name: string;
  /** What it may hold. */
  readonly schema: SectionSchema;
  /**
   * Reads a section: values converted, defaults filled in, nested sections read.
   *
   * @throws ConfigError - with the place and what would be right; {@link ConfigErrors} where several
   *   parameters or sections are wrong
   */
  read(element: ConfigElement, context?: ReadContext): T;
}

/** The value type of a section's definition: `type Options = SectionOf<typeof transport>`. */
export type SectionOf<S> = S extends Section<infer T> ? T : never;
