/** What is said about a parameter besides its type, default and description. */
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

/** What a parameter's text was read as, or what is wrong with it. */
export type Reading<T> =
  | {
      /** It can be read. */
      readonly ok: true;
      /** What it was read as. */
      readonly value: T;
    }
  | {
      /** It cannot be read. */
      readonly ok: false;
      /** What is wrong, without the name of the parameter. */
      readonly message: string;
      /** What would be right. */
      readonly hint?: string | undefined;
    };

/** All that is known of a parameter besides how it is read. */
export interface TypeMeta extends ParamMeta {
  /** Fluentd's name for the type: `string`, `integer`, `size`, … */
  readonly type: string;
  /** One sentence for people. */
  readonly description?: string;
  /** An enum's values. */
  readonly values?: readonly string[];
  /** The text that the type reads as this value; undefined where there is none. */
  readonly write?: ((value: unknown) => string | undefined) | undefined;
  /** The default that stands in front of a transformation: it is the text itself. */
  readonly textDefault?: string;
}

/** Text as the file has it, null for nil, undefined for an absent parameter. */
export type ParamInput = string | null | undefined;

/**
 * A parameter's type: how its text becomes a value. Every method returns a new type.
 *
 * Wrappers apply from the inside out: `t.time().default(5)` is 5 for an absent parameter, and
 * `t.time().default(5).refine(…)` checks that 5 too.
 */
export class ParamType<T> {
  /** What is known of it, for dumps and descriptions. */
  readonly meta: TypeMeta;
  readonly #read: (input: ParamInput) => Reading<T>;

  constructor(meta: TypeMeta, read: (input: ParamInput) => Reading<T>) {
    this.meta = meta;
    this.#read = read;
  }

  /** Reads a parameter. Never throws. */
  read(input: ParamInput): Reading<T> {
    return this.#read(input);
  }

  /** The value of an absent parameter; without it, the parameter is required. */
  default(value: Exclude<T, undefined>): ParamType<Exclude<T, undefined>> {
    const meta = typeof value === 'string' ? { ...this.meta, textDefault: value } : this.meta;
    return new ParamType(meta, (input) =>
      input === undefined
        ? { ok: true, value }
        : (this.#read(input) as Reading<Exclude<T, undefined>>),
    );
  }

  /** May be absent: the value is then undefined. */
  optional(): ParamType<T | undefined> {
    return new ParamType<T | undefined>(this.meta, (input) =>
      input === undefined ? { ok: true, value: undefined } : this.#read(input),
    );
  }

  /** May be nil (`"#{use_nil}"`): the value is then null. */
  nullable(): ParamType<T | null> {
    return new ParamType<T | null>(this.meta, (input) =>
      input === null ? { ok: true, value: null } : this.#read(input),
    );
  }

  /** A sentence for people: unit, meaning, default where that is not a value. */
  describe(description: string): ParamType<T> {
    return this.with({ description });
  }

  /**
   * Refuses values.
   *
   * @param isRight - true for a value that may be
   * @param message - what is wrong otherwise: `expected an even number`
   */
  refine(isRight: (value: T) => boolean, message: string, hint?: string): ParamType<T> {
    return new ParamType<T>(this.meta, (input) => {
      const reading = this.#read(input);
      return !reading.ok || isRight(reading.value) ? reading : { ok: false, message, hint };
    });
  }

  /** Makes another value of it. */
  transform<U>(convert: (value: T) => U): ParamType<U> {
    // How the text was written is known of the value before.
    const meta: TypeMeta = { ...this.meta, write: undefined };
    return new ParamType<U>(meta, (input) => {
      const reading = this.#read(input);
      return reading.ok ? { ok: true, value: convert(reading.value) } : reading;
    });
  }

  /** The same type with more that is known of it. */
  with(meta: Partial<TypeMeta>): ParamType<T> {
    return new ParamType<T>({ ...this.meta, ...meta }, this.#read);
  }
}

/** The value of a parameter type. */
export type ParamOutput<P> = P extends ParamType<infer T> ? T : never;
