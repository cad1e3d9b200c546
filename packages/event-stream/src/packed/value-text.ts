import { ExtensionValue } from '../decode.js';
import { EventTime } from '../event-time.js';

/** 1.0, 1.0e+20 and 1.0e-05, as Ruby writes floating-point numbers. */
function floatText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value < 0 ? '-Infinity' : 'Infinity';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [digits, exponent] = value.toExponential().split('e');
    const sign = exponent.startsWith('-') ? '-' : '+';
    const power = exponent.replace(/^[+-]/, '').padStart(2, '0');
    return `${digits.includes('.') ? digits : `${digits}.0`}e${sign}${power}`;
  }
  return String(value);
}

/** A value inside of an array or a map: Ruby's `inspect`. */
function inspect(value: unknown): string {
  if (value === null || value === undefined) return 'nil';
  if (typeof value === 'string') return JSON.stringify(value);
  if (Buffer.isBuffer(value)) return JSON.stringify(value.toString('utf8'));
  return valueText(value);
}

/**
 * A record's value as text, for patterns and for placeholders in a longer text: what Ruby's `to_s`
 * makes of it. Nothing for nil; arrays and maps as `["a", 1]` and `{"a"=>1}`.
 */
export function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (typeof value === 'number')
    return Number.isInteger(value) && Math.abs(value) < 1e16 ? String(value) : floatText(value);
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (Buffer.isBuffer(value)) return value.toString('utf8');
  if (value instanceof EventTime) return String(value.seconds);
  if (value instanceof ExtensionValue) return value.data.toString('base64');
  if (Array.isArray(value)) return `[${value.map(inspect).join(', ')}]`;
  const pairs = Object.entries(value).map(
    ([key, inner]) => `${JSON.stringify(key)}=>${inspect(inner)}`,
  );
  return `{${pairs.join(', ')}}`;
}
