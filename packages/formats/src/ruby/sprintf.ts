import { RubyError } from './errors.js';
import type { Runtime } from './runtime.js';
import { bounded, type Value } from './values.js';

/** No field is wider. */
const widest = 1000;

/** `format`, `sprintf` and `%`: flags, width, precision, and d i u f e g s p x X o b c %. */
export function rubyFormat(runtime: Runtime, format: string, args: readonly Value[]): string {
  let next = 0;
  const take = (name: string | undefined): Value => {
    if (name !== undefined) {
      const [hash] = args;
      const found = hash instanceof Map ? hash.get(runtime.symbol(name)) : undefined;
      if (found === undefined) throw new RubyError(`key<${name}> not found`);
      return found;
    }
    if (next >= args.length) throw new RubyError('too few arguments');
    return args[next++];
  };
  const text = format.replace(
    /%(?:%|(?:<(\w+)>)?([-+ 0#]*)(\d*)(?:\.(\d+))?(?:<(\w+)>)?([a-zA-Z])|\{(\w+)\}|)/g,
    (
      whole,
      before?: string,
      flags?: string,
      width = '',
      precision?: string,
      after?: string,
      type?: string,
      braces?: string,
    ) => {
      if (whole === '%%') return '%';
      if (braces !== undefined) return runtime.text(take(braces));
      if (type === undefined) throw new RubyError('malformed format string - %');
      if (Number(width) > widest || Number(precision) > widest)
        throw new RubyError('width too big');
      const value = take(before ?? after);
      return padded(
        converted(runtime, type, precision, flags!, value),
        flags!,
        Number(width),
        type,
      );
    },
  );
  return bounded(text);
}

function padded(text: string, flags: string, width: number, type: string): string {
  if (flags.includes('-')) return text.padEnd(width);
  if (!flags.includes('0') || 'sp'.includes(type)) return text.padStart(width);
  const sign = /^[-+ ]/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(width - sign.length, '0');
}

function converted(
  runtime: Runtime,
  type: string,
  precision: string | undefined,
  flags: string,
  value: Value,
): string {
  const signed = (text: string): string =>
    text.startsWith('-')
      ? text
      : `${flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''}${text}`;
  switch (type) {
    case 'd':
    case 'i':
    case 'u': {
      const whole = String(runtime.integer(value));
      const digits = whole.replace('-', '').padStart(Number(precision ?? 0), '0');
      return signed(whole.startsWith('-') ? `-${digits}` : digits);
    }
    case 'f':
      return signed(runtime.float(value).toFixed(Number(precision ?? 6)));
    case 'e':
      return signed(
        runtime
          .float(value)
          .toExponential(Number(precision ?? 6))
          .replace(/e([+-])(\d)$/, 'e$10$2'),
      );
    case 'g':
      return signed(String(Number(runtime.float(value).toPrecision(Number(precision ?? 6) || 1))));
    case 's':
      return runtime.text(value).slice(0, precision === undefined ? undefined : Number(precision));
    case 'p':
      return runtime.inspect(value);
    case 'c':
      return typeof value === 'string'
        ? value.slice(0, 1)
        : String.fromCodePoint(Number(runtime.integer(value)));
    case 'x':
    case 'X':
    case 'o':
    case 'b': {
      const base = { x: 16, X: 16, o: 8, b: 2 }[type];
      const digits = runtime
        .integer(value)
        .toString(base)
        .padStart(Number(precision ?? 0), '0');
      const prefix = flags.includes('#') ? { x: '0x', X: '0X', o: '0', b: '0b' }[type] : '';
      return signed(prefix + (type === 'X' ? digits.toUpperCase() : digits));
    }
    default:
      throw new RubyError(`malformed format string - %${type}`);
  }
}
