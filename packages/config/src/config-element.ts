import { ConfigError, type ConfigErrorCode } from './config-error.js';
import type { Location } from './source-text.js';

/** The value of a parameter written as `"#{use_default}"`: as if it were not there. */
export const useDefault: unique symbol = Symbol.for('@sluice/config.use_default');

/**
 * A parameter's value: its text, `null` for `"#{use_nil}"` (Fluentd's `nil`), or
 * {@link useDefault}. Arrays and hashes are text too: their JSON, on one line.
 */
export type ParamValue = string | null | typeof useDefault;

/** How a value was written. JSON arrays and hashes are `json`, everything in YAML is `yaml`. */
export type ParamForm = 'bare' | 'single' | 'double' | 'json' | 'yaml';

/** One parameter of a section. */
export interface ConfigParam {
  /** As the file has it, in snake case. */
  readonly name: string;
  /** The text, or that there is none; no type has been applied to it yet. */
  readonly value: ParamValue;
  /** How it was written, on which depends what a value may be. */
  readonly form: ParamForm;
  /** Where its name is. */
  readonly location: Location;
  /** Where its value is. */
  readonly valueLocation: Location;
}

/** Parameters that belong to the system, not to a plugin; every section may have them. */
export const SYSTEM_PARAMS: readonly string[] = ['@type', '@id', '@label', '@log_level'];

/**
 * A section of a configuration (Fluentd's `Config::Element`), or the whole file as a section named
 * `ROOT`.
 */
export class ConfigElement {
  /** The section's name: `source` of `<source>`. */
  readonly name: string;
  /** The section's argument: `app.**` of `<match app.**>`; empty where there is none. */
  readonly arg: string;
  /** Parameters by name, in the order of the file. Of a parameter written twice the last counts. */
  readonly params: Map<string, ConfigParam>;
  /** The sections inside, in the order of the file. */
  readonly elements: ConfigElement[];
  /** Where the section starts. */
  readonly location: Location;
  /** Where its argument is, or else the section itself. */
  readonly argLocation: Location;

  constructor(options: {
    /** As in the file: `source`. */
    name: string;
    /** What stands behind the name: `app.**`. Default: nothing. */
    arg?: string;
    /** Where the section starts. */
    location: Location;
    /** Where its argument is. Default: where the section starts. */
    argLocation?: Location | undefined;
    /** In the order of the file. Default: none. */
    params?: Iterable<ConfigParam>;
    /** The sections inside. Default: none. */
    elements?: ConfigElement[];
  }) {
    this.name = options.name;
    this.arg = options.arg ?? '';
    this.location = options.location;
    this.argLocation = options.argLocation ?? options.location;
    this.params = new Map();
    for (const param of options.params ?? []) this.params.set(param.name, param);
    this.elements = options.elements ?? [];
  }

  /** A parameter's text; undefined where it is absent, `use_nil` or `use_default`. */
  get(name: string): string | undefined {
    const value = this.params.get(name)?.value;
    return typeof value === 'string' ? value : undefined;
  }

  /** `@type` (or Fluentd's old spelling `type`). */
  get type(): string | undefined {
    return this.get('@type') ?? this.get('type');
  }

  /** `@id` (or Fluentd's old spelling `id`). */
  get id(): string | undefined {
    return this.get('@id') ?? this.get('id');
  }

  /** `@label`. */
  get label(): string | undefined {
    return this.get('@label');
  }

  /** `@log_level` (or Fluentd's old spelling `log_level`). */
  get logLevel(): string | undefined {
    return this.get('@log_level') ?? this.get('log_level');
  }

  /** The sections inside that have one of these names; all of them without names. */
  children(...names: string[]): ConfigElement[] {
    return names.length === 0
      ? this.elements
      : this.elements.filter((element) => names.includes(element.name));
  }

  /** The section as its opening tag reads: `<match app.**>`. */
  get tag(): string {
    return this.arg === '' ? `<${this.name}>` : `<${this.name} ${this.arg}>`;
  }

  /** What a debugger or a careless log line shows: names, never values, which may be secret. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const inner = [...this.params.keys(), ...this.elements.map((element) => element.tag)];
    const { file, line } = this.location;
    return `ConfigElement ${this.tag} at ${file}:${line} { ${inner.join(', ')} }`;
  }

  /**
   * An error that points at this section, or at the value of one of its parameters.
   *
   * @param options.param - the parameter at fault, as named in the file
   * @param options.arg - the section's argument is at fault
   */
  error(
    message: string,
    options: {
      param?: string;
      arg?: boolean;
      hint?: string | undefined;
      code?: ConfigErrorCode;
      secret?: boolean;
      cause?: unknown;
    } = {},
  ): ConfigError {
    const param = options.param === undefined ? undefined : this.params.get(options.param);
    return new ConfigError(message, {
      code: options.code ?? 'ERR_SLUICE_CONFIG_VALUE',
      location: param?.valueLocation ?? (options.arg ? this.argLocation : this.location),
      parameter: options.param,
      hint: options.hint,
      secret: options.secret,
      cause: options.cause,
    });
  }
}
