import {
  compileRuby,
  compileRubyText,
  packValue,
  parseJson,
  RubyError,
  type Expression,
  type Value,
} from '@sluice/formats/ruby';
import { eventNames } from '@sluice/formats/ruby';
import type { EventContext } from './event-context.js';
import { Template, type OnMissing } from './placeholders.js';

/** One value of `<record>`: a text with placeholders, or JSON whose texts may have some. */
export interface RecordValue {
  /** Whether it is the same for all events of a tag. */
  readonly ofTag: boolean;
  /** Names in it that no event has, so that it fails for each. */
  readonly unknownNames: readonly string[];
  /** Its MessagePack. @throws RubyError */
  pack(event: EventContext, onMissing: OnMissing): Buffer;
}

/** How texts with placeholders are read. */
export interface Reading {
  /** Whether a placeholder that is all of a text keeps its type. Fluentd: `auto_typecast`. */
  readonly typed: boolean;
  /** Whether placeholders are expressions of Ruby. Fluentd: `enable_ruby`. */
  readonly ruby: boolean;
}

/** `[…]` and `{…}` are JSON; what is none is a text that begins so. */
function jsonOf(source: string): Value {
  if (!/^[[{]/.test(source)) return source;
  try {
    return parseJson(source);
  } catch (error) {
    if (!(error instanceof RubyError)) throw error;
    return source;
  }
}

/**
 * @param source the value as it is in the file
 * @throws PlaceholderError, RubySyntaxError
 */
export function parseRecordValue(source: string, reading: Reading): RecordValue {
  return compile(jsonOf(source), reading);
}

/** Names whose values are the same for all events of a tag. */
const ofTag = eventNames.filter((name) => name !== 'time' && name !== 'record');

function compile(value: Value, reading: Reading): RecordValue {
  if (typeof value === 'string') {
    return reading.ruby ? rubyValue(value, reading.typed) : templateValue(value, reading.typed);
  }
  if (Array.isArray(value)) {
    return container(
      value.map((item) => compile(item, reading)),
      value.length,
      0x90,
    );
  }
  if (value instanceof Map) {
    const parts = [...value].flatMap(([key, inner]) => [
      compile(key, { ...reading, typed: false }),
      compile(inner, reading),
    ]);
    return container(parts, value.size, 0x80);
  }
  const bytes = packValue(value);
  return { ofTag: true, unknownNames: [], pack: () => bytes };
}

function templateValue(source: string, typed: boolean): RecordValue {
  const template = new Template(source);
  return {
    ofTag: template.ofTag,
    unknownNames: [],
    pack: (event, onMissing) =>
      typed ? template.pack(event, onMissing) : packValue(template.text(event, onMissing)),
  };
}

/** As in Fluentd: one `${…}` that is all of the text is code, and any other text is in `%Q[…]`. */
function rubyValue(source: string, typed: boolean): RecordValue {
  const one = source.split('${').length === 2 && source.startsWith('${') && source.endsWith('}');
  const expression: Expression =
    typed && one
      ? compileRuby(source.slice(2, -1), eventNames)
      : compileRubyText(source.replaceAll('${', '#{'), eventNames);
  return {
    ofTag: expression.dependsOnlyOn(ofTag),
    unknownNames: expression.unknownNames,
    pack: (event) => packValue(expression.evaluate(event.named)),
  };
}

/** A list or a map of parts: no configuration has more of them than a short head counts. */
function container(parts: readonly RecordValue[], count: number, small: number): RecordValue {
  const head =
    count < 16
      ? Buffer.from([small + count])
      : Buffer.from([small === 0x90 ? 0xdc : 0xde, count >> 8, count & 0xff]);
  return {
    ofTag: parts.every((part) => part.ofTag),
    unknownNames: parts.flatMap((part) => part.unknownNames),
    pack: (event, onMissing) =>
      Buffer.concat([head, ...parts.map((part) => part.pack(event, onMissing))]),
  };
}
