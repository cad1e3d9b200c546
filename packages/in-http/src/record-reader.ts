import { randomBytes } from 'node:crypto';
import { ConfigElement, t } from '@sluice/config';
import { EventTime, FloatValue } from '@sluice/event-stream';
import {
  innerPlugin,
  sectionOf,
  type InputContext,
  type ParsedCallback,
  type Parser,
} from '@sluice/plugin';
import type { Fields } from './fields.js';
import { RequestRefusal } from './refusal.js';

/** What one request brings. */
export interface RequestContents {
  readonly contentType: string;
  readonly body: Buffer;
  /** Of the query, and of a form. */
  readonly fields: Fields;
}

/** Turns what a request brings into records. */
export type ReadRecords = (contents: RequestContents, found: ParsedCallback) => void;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const mostSeconds = 2 ** 32 - 1;

/**
 * What `<parse>` asks for: the body by one parser, or by default what Fluentd calls `in_http`.
 *
 * @throws ConfigError
 */
export function recordReader(context: InputContext, parent: ConfigElement): ReadRecords {
  const section = sectionOf(parent, 'parser');
  const type = section.type ?? parent.get('format') ?? 'in_http';
  if (type === 'in_http' || type === 'default') return defaultReader(context, section);
  const parser = innerPlugin(context, 'parser', withParams(section, { '@type': type }));
  return ({ body }, found) => parser.parse(body, found);
}

/** JSON, NDJSON or MessagePack, by the type of the body or by the name of a field. */
function defaultReader(context: InputContext, section: ConfigElement): ReadRecords {
  // Fluentd reads times of this parser in its own way, where nothing is said of their type.
  const own = !section.params.has('time_type') && !section.params.has('time_format');
  const timeKey = section.get('time_key') ?? 'time';
  const keep = t.bool().read(section.get('keep_time_key') ?? 'false');
  const keepTimeKey = keep.ok && keep.value;
  // Where the time is read here, the parsers must not find it: nobody can guess their key.
  const key = own ? `${timeKey} ${randomBytes(12).toString('hex')}` : timeKey;
  const parserOfType = (name: string): Parser =>
    innerPlugin(context, 'parser', withParams(section, { '@type': name, time_key: key }));
  const parsers = { json: parserOfType('json'), msgpack: parserOfType('msgpack') };
  return (contents, found) => {
    const take: ParsedCallback = own
      ? (_time, record) => found(ownTime(record, timeKey, keepTimeKey), record)
      : found;
    const [format, bytes] = payloadOf(contents);
    if (format !== 'ndjson') {
      parsers[format].parse(bytes, take);
      return;
    }
    eachLine(bytes, (line) => parsers.json.parse(line, take));
  };
}

type Format = 'json' | 'msgpack' | 'ndjson';

function payloadOf({ contentType, body, fields }: RequestContents): [Format, Buffer] {
  if (/^application\/(?:json|csp-report)\b/i.test(contentType)) fields.set('json', body);
  else if (/^application\/(?:x-)?msgpack\b/i.test(contentType)) fields.set('msgpack', body);
  else if (/^application\/(?:x-ndjson|ndjson|jsonl)\b/i.test(contentType))
    fields.set('ndjson', body);
  for (const format of ['msgpack', 'json', 'ndjson'] as const) {
    const bytes = fields.get(format);
    if (bytes !== undefined) return [format, bytes];
  }
  throw new RequestRefusal(
    400,
    "'json', 'ndjson' or 'msgpack' parameter is required, or a Content-Type of application/json, " +
      'application/x-ndjson or application/msgpack',
  );
}

function eachLine(bytes: Buffer, found: (line: Buffer) => void): void {
  for (let start = 0; start < bytes.length;) {
    const next = bytes.indexOf(lineFeed, start);
    const stop = next < 0 ? bytes.length : next;
    const end = bytes[stop - 1] === carriageReturn ? stop - 1 : stop;
    if (end > start) found(bytes.subarray(start, end));
    start = stop + 1;
  }
}

/** Seconds since 1970 as a number; without any, the event is of now. */
function ownTime(
  record: Record<string, unknown>,
  key: string,
  keep: boolean,
): EventTime | undefined {
  if (!Object.hasOwn(record, key)) return undefined;
  const value = record[key];
  if (!keep) Reflect.deleteProperty(record, key);
  if (value === null || value === undefined || value === false) return undefined;
  if (value instanceof EventTime) return value;
  const seconds = typeof value === 'bigint' || value instanceof FloatValue ? Number(value) : value;
  if (typeof seconds !== 'number') {
    throw new RequestRefusal(400, `${key} is not a number of seconds since 1970`);
  }
  // Milliseconds, as pino and browsers write them: as seconds they would be beyond any event.
  return secondsToTime(seconds > mostSeconds ? seconds / 1000 : seconds, key);
}

/** @throws RequestRefusal for a time that an event cannot have */
export function secondsToTime(seconds: number, name: string): EventTime {
  if (!(seconds >= 0 && seconds <= mostSeconds)) {
    throw new RequestRefusal(400, `${name} is out of range: it is seconds since 1970`);
  }
  const whole = Math.floor(seconds);
  return new EventTime(whole, Math.floor((seconds - whole) * 1e9));
}

function withParams(
  section: ConfigElement,
  params: Readonly<Record<string, string>>,
): ConfigElement {
  const { name, arg, location, elements } = section;
  const given = [...section.params.values()].filter((one) => !Object.hasOwn(params, one.name));
  const more = Object.entries(params).map(([key, value]) => ({
    name: key,
    value,
    form: 'bare' as const,
    location: section.params.get(key)?.location ?? location,
    valueLocation: section.params.get(key)?.valueLocation ?? location,
  }));
  return new ConfigElement({ name, arg, location, elements, params: [...given, ...more] });
}
