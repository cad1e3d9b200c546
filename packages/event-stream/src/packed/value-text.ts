import { ExtensionValue } from '../scalar.js';
import { EventTime } from '../event-time.js';
import { floatText } from './ruby-text.js';

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
    return Number.isSafeInteger(value) ? String(value) : floatText(value);
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
