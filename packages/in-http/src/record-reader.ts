import { randomBytes } from 'node:crypto';
import { ConfigElement, t } from '@sluice/config';
import { EventTime, FloatValue, type EventPacker, type JsonTimes } from '@sluice/event-stream';
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

/** Turns what a request brings into events. */
export interface RecordReader {
  /** Gives each record. */
  read(contents: RequestContents, found: ParsedCallback): void;
  /** The same, straight into a packer. */
  readInto(contents: RequestContents, packer: EventPacker): void;
}

/** The parameters that leave JSON as it is. */
const simple = new Set([
  '@type',
  'json_parser',
  'stream_buffer_size',
  'time_key',
  'keep_time_key',
  'estimate_current_event',
]);
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const mostSeconds = 2 ** 32 - 1;

/**
 * What `<parse>` asks for: the body by one parser, or by default what Fluentd calls `in_http`.
 *
 * @throws ConfigError
 */
export function recordReader(context: InputContext, parent: ConfigElement): RecordReader {
  const section = sectionOf(parent, 'parser');
  const type = section.type ?? parent.get('format') ?? 'in_http';
  if (type === 'in_http' || type === 'default') return defaultReader(context, section);
  const parser = innerPlugin(context, 'parser', withParams(section, { '@type': type }));
  return {
    read: ({ body }, found) => parser.parse(body, found),
    readInto: ({ body }, packer) => parser.parseInto(body, packer),
  };
}

/** JSON, NDJSON or MessagePack, by the type of the body or by the name of a field. */
function defaultReader(context: InputContext, section: ConfigElement): RecordReader {
  // Fluentd reads times of this parser in its own way, where nothing is said of their type.
  const own = !section.params.has('time_type') && !section.params.has('time_format');
  const timeKey = section.get('time_key') ?? 'time';
  const keep = t.bool().read(section.get('keep_time_key') ?? 'false');
  const keepTimeKey = keep.ok && keep.value;
  // Where the time is read here, the parsers must not find it: nobody can guess their key.
  const key = own ? `${timeKey} ${randomBytes(12).toString('hex')}` : timeKey;
  const parserOfType = (name: string): Parser =>
    innerPlugin(context, 'parser', withParams(section, { '@type': name, time_key: key }));
  // Records that nothing changes but for their times.
  const plain = ![...section.params.keys()].some((name) => !simple.has(name));
  const parsers = { json: parserOfType('json'), msgpack: parserOfType('msgpack') };
  const times: JsonTimes = {
    timeField: Buffer.from(timeKey),
    keepTimeField: keepTimeKey,
    timeOf: timeOrNull(timeKey),
  };
  const take = (found: ParsedCallback): ParsedCallback =>
    own ? (_time, record) => found(ownTime(record, timeKey, keepTimeKey), record) : found;
  const readJsonInto = (text: Buffer, packer: EventPacker): void => {
    if (!own) parsers.json.parseInto(text, packer);
    else if (!plain || !packer.addJson(text, times)) {
      parsers.json.parse(
        text,
        take((time, record) => packer.add(time, record)),
      );
    }
  };
  return {
    read: (contents, found) => {
      const [format, bytes] = payloadOf(contents);
      const taken = take(found);
      if (format !== 'ndjson') parsers[format].parse(bytes, taken);
      else eachLine(bytes, (line) => parsers.json.parse(line, taken));
    },
    readInto: (contents, packer) => {
      const [format, bytes] = payloadOf(contents);
      if (format === 'ndjson') eachLine(bytes, (line) => readJsonInto(line, packer));
      else if (format === 'json') readJsonInto(bytes, packer);
      else {
        parsers.msgpack.parse(
          bytes,
          take((time, record) => packer.add(time, record)),
        );
      }
    },
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
  return timeOfValue(value, key);
}

/** @throws RequestRefusal */
function timeOfValue(value: unknown, key: string): EventTime | undefined {
  if (value === null || value === undefined || value === false) return undefined;
  if (value instanceof EventTime) return value;
  const seconds = typeof value === 'bigint' || value instanceof FloatValue ? Number(value) : value;
  if (typeof seconds !== 'number') {
    throw new RequestRefusal(400, `${key} is not a number of seconds since 1970`);
  }
  // Milliseconds, as pino and browsers write them: as seconds they would be beyond any event.
  return secondsToTime(seconds > mostSeconds ? seconds / 1000 : seconds, key);
}

/** As {@link timeOfValue}, with null in place of an error. */
function timeOrNull(key: string): JsonTimes['timeOf'] {
  return (value) => {
    try {
      return timeOfValue(value, key);
    } catch (error) {
      if (error instanceof RequestRefusal) return null;
      throw error;
    }
  };
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
