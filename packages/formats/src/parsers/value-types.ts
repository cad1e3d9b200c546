import { FloatValue } from '@sluice/event-stream';
import { floatText } from '@sluice/event-stream/packed';
import { rubySplit } from './ruby-split.js';
import { timeReader, timeTypes, type TimeReading, type TimeType } from './read-time.js';
import { TimeZoneError, zoneOffset } from '../time-zone.js';

/** Turns the text of a field into a value of its type. */
export type ConvertValue = (value: unknown) => unknown;

/** An item of `types` that names no type, or options that its type does not have. */
export class ValueTypeError extends Error {
  readonly code = 'ERR_SLUICE_VALUE_TYPE';
  override readonly name = 'ValueTypeError';

  constructor(
    readonly field: string,
    readonly type: string,
  ) {
    super(`types: the type of ${field} is unknown: ${type}`);
  }
}

const truthy = new Set(['true', 'yes', '1']);

/** `to_s` of Ruby, for what a record holds. */
function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Buffer.isBuffer(value)) return value.toString();
  if (value instanceof FloatValue) return floatText(value.value);
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
    return String(value);
  }
  return JSON.stringify(value);
}

function integer(value: unknown): unknown {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Math.trunc(value);
  if (value instanceof FloatValue) return Math.trunc(value.value);
  const digits = /^\s*([+-]?\d+(?:_\d+)*)/.exec(text(value))?.[1].replaceAll('_', '') ?? '0';
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits.replace(/^\+/, ''));
}

function float(value: unknown): unknown {
  if (value instanceof FloatValue) return value;
  if (typeof value === 'number') return new FloatValue(value);
  const match = /^\s*([+-]?\d+(?:_\d+)*(?:\.\d+)?(?:e[+-]?\d+)?)/i.exec(text(value));
  return new FloatValue(Number(match?.[1].replaceAll('_', '') ?? 0));
}

/**
 * The converters that `types` asks for: `field:type`, with options behind a further colon.
 *
 * @throws ValueTypeError, StrptimeError, TimeZoneError
 */
export function valueTypes(
  types: Readonly<Record<string, string>>,
  reading: TimeReading,
): Map<string, ConvertValue> {
  return new Map(
    Object.entries(types).map(([field, definition]) => [
      field,
      converter(field, definition, reading),
    ]),
  );
}

function converter(field: string, definition: string, reading: TimeReading): ConvertValue {
  const colon = definition.indexOf(':');
  const type = colon < 0 ? definition : definition.slice(0, colon);
  const option = colon < 0 ? undefined : definition.slice(colon + 1);
  switch (type) {
    case 'string':
      return text;
    case 'integer':
      return integer;
    case 'float':
      return float;
    case 'bool':
      return (value) => truthy.has(text(value).toLowerCase());
    case 'array':
      return (value) => rubySplit(text(value), option ?? ',');
    case 'time':
      return timeConverter(option, reading);
    default:
      throw new ValueTypeError(field, definition);
  }
}

/** `time`, `time:FORMAT`, `time:ZONE:FORMAT`, where the format may be a type of time. */
function timeConverter(option: string | undefined, reading: TimeReading): ConvertValue {
  let timezone: string | undefined;
  let timeFormat = option;
  const parts = /^([+-]\d\d:?\d\d|[^:]*):(.*)$/s.exec(option ?? '');
  if (parts !== null && isZone(parts[1])) [, timezone, timeFormat] = parts;
  let timeType: TimeType = 'string';
  if ((timeTypes as readonly (string | undefined)[]).includes(timeFormat)) {
    timeType = timeFormat as TimeType;
    timeFormat = undefined;
  }
  const read = timeReader({ ...reading, timeType, timeFormat, timezone });
  return (value) => {
    try {
      return read(value);
    } catch {
      return null;
    }
  };
}

function isZone(name: string): boolean {
  try {
    zoneOffset(name);
    return true;
  } catch (error) {
    if (error instanceof TimeZoneError) return false;
    throw error;
  }
}
