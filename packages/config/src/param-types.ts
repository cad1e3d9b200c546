import { didYouMean } from './nearest.js';
import { ParamType } from './param-type.js';
import { rubyRegexp, rubyText } from './ruby-regexp.js';

/** The bounds of a number. */
export interface NumberOptions {
  /** The least value allowed. */
  readonly min?: number;
  /** The greatest value allowed. */
  readonly max?: number;
}

/** Turns text into a value, or says what is wrong with it. */
type Convert<T> = (text: string) => T | Problem;

class Problem {
  constructor(
    readonly message: string,
    readonly hint?: string,
  ) {}
}

/** The text that is read as a value; undefined where there is none. */
type Write<T> = (value: T) => string | undefined;

function type<T>(
  name: string,
  convert: Convert<T>,
  write: Write<T>,
  values?: readonly string[],
): ParamType<T> {
  const meta = {
    type: name,
    write: write as (value: unknown) => string | undefined,
    ...(values && { values }),
  };
  return new ParamType<T>(meta, (input) => {
    if (typeof input !== 'string') return { ok: false, message: 'expected a value' };
    const value = convert(input);
    return value instanceof Problem
      ? { ok: false, message: value.message, hint: value.hint }
      : { ok: true, value };
  });
}

/** Blanks around a number mean nothing; values from the environment often have some. */
function numeric(
  name: string,
  convert: Convert<number>,
  write: Write<number> = String,
): ParamType<number> {
  return type(name, (text) => convert(text.trim()), write);
}

/** Text (Fluentd's `:string`). */
export function string(): ParamType<string> {
  return type(
    'string',
    (text) => text,
    (value) => value,
  );
}

/** A whole number (`:integer`): `24224`, `-1`, `1_000`. Unlike in Fluentd, `12abc` is an error. */
export function integer(options: NumberOptions = {}): ParamType<number> {
  return numeric('integer', (text) => {
    if (!/^[+-]?\d+(?:_\d+)*(?:\.0+)?$/.test(text)) {
      const unit = /^\d+[kmgtshd]/i.test(text) ? ', without a unit' : '';
      return new Problem('expected an integer', `write a whole number such as 24224${unit}`);
    }
    const value = Number(text.replaceAll('_', ''));
    if (!Number.isSafeInteger(value)) return new Problem('this integer is too big');
    return within(value, options);
  });
}

/** A number (`:float`): `1`, `0.5`, `1e3`. */
export function float(options: NumberOptions = {}): ParamType<number> {
  return numeric('float', (text) =>
    /^[+-]?(?:\d+(?:_\d+)*(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)
      ? within(Number(text.replaceAll('_', '')), options)
      : new Problem('expected a number', 'write a number such as 0.5'),
  );
}

/**
 * True or false (`:bool`): `true` or `yes`, `false` or `no`; a name without a value is true, and so
 * is a name with nothing but a comment. Anything else, which Fluentd takes for nil, is an error.
 */
export function bool(): ParamType<boolean> {
  return type(
    'bool',
    (text) => {
      if (text === 'true' || text === 'yes' || text === '' || text.startsWith('#')) return true;
      if (text === 'false' || text === 'no') return false;
      return new Problem('expected true or false', 'write true, yes, false or no');
    },
    String,
  );
}

const SIZE_UNITS = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 } as const;

/** A number of bytes (`:size`): `1024`, `64k`, `8m`, `8MB`, `1g`, `1t`; units are powers of 1024. */
export function size(options: NumberOptions = {}): ParamType<number> {
  return numeric(
    'size',
    (text) => {
      const found = /^(\d+(?:_\d+)*)(?:([kmgt])?(?:i?b|bytes)?)$/i.exec(text);
      if (!found) {
        return new Problem('expected a size', 'write bytes as 65536, 64k, 8m, 1g or 1t');
      }
      const unit = found.at(2)?.toLowerCase() as keyof typeof SIZE_UNITS | undefined;
      const value = Number(found[1].replaceAll('_', '')) * (unit ? SIZE_UNITS[unit] : 1);
      return Number.isSafeInteger(value)
        ? within(value, options)
        : new Problem('this size is too big');
    },
    writeSize,
  );
}

/** In the greatest unit that leaves no rest: `256m`. */
function writeSize(bytes: number): string {
  for (const [unit, size] of Object.entries(SIZE_UNITS).reverse()) {
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return String(bytes);
}

const TIME_UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/**
 * A duration in seconds (`:time`): `30`, `0.5`, `30s`, `5m`, `12h`, `1d`, also `10sec`. Where
 * Fluentd reads a number that was not meant (`500ms` as 500 minutes, `1m30s` as 30 seconds) it is an
 * error.
 */
export function time(options: NumberOptions = { min: 0 }): ParamType<number> {
  return numeric(
    'time',
    (text) => {
      const found =
        /^([+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?)(?:(s)(?:ec(?:ond)?s?)?|(m)(?:in(?:ute)?s?)?|(h)(?:ours?)?|(d)(?:ays?)?)?$/.exec(
          text,
        );
      if (!found) {
        return new Problem(
          'expected a time',
          'write seconds as 30 or 0.5, or one number with a unit: 30s, 5m, 12h, 1d',
        );
      }
      const unit = found.slice(2).find(Boolean) ?? 's';
      return within(Number(found[1]) * TIME_UNITS[unit as keyof typeof TIME_UNITS], options);
    },
    writeTime,
  );
}

/** Whole days and hours as such, anything else in seconds: `1d`, `12h`, `60s`, `0.5s`. */
function writeTime(seconds: number): string {
  const unit = (['d', 'h'] as const).find(
    (name) => seconds !== 0 && seconds % TIME_UNITS[name] === 0,
  );
  const count = unit === undefined ? seconds : seconds / TIME_UNITS[unit];
  return Number.isSafeInteger(count) ? `${count}${unit ?? 's'}` : `${seconds}s`;
}

/** Permissions of a file or folder in octal digits, such as `0644`; the value is the number. */
export function fileMode(): ParamType<number> {
  return type(
    'string',
    (text) =>
      /^0?[0-7]{3,4}$/.test(text)
        ? parseInt(text, 8)
        : new Problem('expected octal digits', 'write permissions such as 0644'),
    (mode) => `0${mode.toString(8).padStart(3, '0')}`,
  );
}

/** One of some words (`:enum`). */
export function enumeration<const T extends string>(values: readonly T[]): ParamType<T> {
  return type(
    'enum',
    (text) => {
      if ((values as readonly string[]).includes(text)) return text as T;
      const near = didYouMean(text, values);
      return new Problem(
        `expected one of ${values.join(', ')}`,
        near ?? `write one of ${values.join(', ')}`,
      );
    },
    (value) => value,
    values,
  );
}

/** A list (`:array`): JSON, or text with commas: `["a", "b"]` or `a, b`. */
export function array(): ParamType<unknown[]>;
/** A list whose items are of one type (`value_type`). */
export function array<T>(item: ParamType<T>): ParamType<T[]>;
export function array(item?: ParamType<unknown>): ParamType<unknown[]> {
  return type(
    'array',
    (text) => {
      let list: unknown;
      if (text.startsWith('[')) {
        list = parseJson(text);
        if (!Array.isArray(list))
          return new Problem('expected an array', 'write ["a", "b"] or a,b');
      } else {
        const trimmed = text.trim();
        list = trimmed === '' ? [] : trimmed.split(/\s*,\s*/);
      }
      return item ? convertAll(list as unknown[], item) : (list as unknown[]);
    },
    (list) => JSON.stringify(list.map((value) => writeItem(value, item))),
  );
}

/** A map (`:hash`): JSON, or text with colons and commas: `{"a": 1}` or `a:1, b:2`. */
export function hash(): ParamType<Record<string, unknown>>;
/** A map whose values are of one type (`value_type`). */
export function hash<T>(value: ParamType<T>): ParamType<Record<string, T>>;
export function hash(value?: ParamType<unknown>): ParamType<Record<string, unknown>> {
  return type(
    'hash',
    (text) => {
      let entries: [string, unknown][];
      if (text.startsWith('{')) {
        const parsed = parseJson(text);
        if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
          return new Problem('expected a hash', 'write {"key": "value"} or key:value');
        }
        entries = Object.entries(parsed);
      } else {
        const trimmed = text.trim();
        const pairs = trimmed === '' ? [] : trimmed.split(/\s*,\s*/);
        entries = [];
        for (const pair of pairs) {
          const colon = pair.indexOf(':');
          if (colon < 1)
            return new Problem('expected a hash', 'write {"key": "value"} or key:value');
          entries.push([pair.slice(0, colon), pair.slice(colon + 1)]);
        }
      }
      if (value) {
        const values = convertAll(
          entries.map((entry) => entry[1]),
          value,
        );
        if (values instanceof Problem) return values;
        entries = entries.map((entry, i) => [entry[0], values[i]]);
      }
      return Object.fromEntries(entries);
    },
    (map) =>
      JSON.stringify(
        Object.fromEntries(Object.entries(map).map(([key, item]) => [key, writeItem(item, value)])),
      ),
  );
}

/** A regular expression (`:regexp`), in slashes with the options i and m, or bare. */
export function regexp(): ParamType<RegExp> {
  return type(
    'regexp',
    (text) => {
      try {
        return rubyRegexp(text);
      } catch (error) {
        return new Problem(`invalid regular expression: ${(error as Error).message}`);
      }
    },
    rubyText,
  );
}

function within(value: number, { min, max }: NumberOptions): number | Problem {
  if (min !== undefined && value < min) {
    return new Problem(`expected ${min} or more`, max === undefined ? undefined : range(min, max));
  }
  if (max !== undefined && value > max) {
    return new Problem(`expected ${max} or less`, min === undefined ? undefined : range(min, max));
  }
  return value;
}

function range(min: number, max: number): string {
  return `allowed is ${min} to ${max}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An item as JSON has it: as the text that its type reads, where it has a type. */
function writeItem(value: unknown, type: ParamType<unknown> | undefined): unknown {
  return type === undefined || value === null ? value : (type.meta.write?.(value) ?? value);
}

/** Items come from JSON as any type, but a parameter type reads text, as Fluentd's `to_s` has it. */
function convertAll(items: unknown[], type: ParamType<unknown>): unknown[] | Problem {
  const converted: unknown[] = [];
  for (const item of items) {
    if (item === null) {
      converted.push(null);
      continue;
    }
    const text = typeof item === 'string' ? item : JSON.stringify(item);
    const reading = type.read(text);
    if (!reading.ok) {
      return new Problem(`${reading.message} in each item, got ${text}`, reading.hint);
    }
    converted.push(reading.value);
  }
  return converted;
}
