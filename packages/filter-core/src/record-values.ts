import { Template, type EventContext, type OnMissing } from './placeholders.js';

/** One value of `<record>`: a text with placeholders, or JSON whose texts may have some. */
export interface RecordValue {
  /** Whether it is the same for all events of a tag. */
  readonly ofTag: boolean;
  value(event: EventContext, onMissing: OnMissing): unknown;
}

/** `[…]` and `{…}` are JSON; what is none is a text that begins so. */
function parseJson(source: string): unknown {
  if (!/^[[{]/.test(source)) return source;
  try {
    return JSON.parse(source) as unknown;
  } catch {
    return source;
  }
}

/**
 * @param source the value as it is in the file
 * @param typed whether a placeholder that is all of a text keeps its type (`auto_typecast`)
 * @throws PlaceholderError
 */
export function parseRecordValue(source: string, typed: boolean): RecordValue {
  return compile(parseJson(source), typed);
}

function compile(value: unknown, typed: boolean): RecordValue {
  if (typeof value === 'string') {
    const template = new Template(value);
    return {
      ofTag: template.ofTag,
      value: (event, onMissing) =>
        typed ? template.value(event, onMissing) : template.text(event, onMissing),
    };
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => compile(item, typed));
    return {
      ofTag: items.every((item) => item.ofTag),
      value: (event, onMissing) => items.map((item) => item.value(event, onMissing)),
    };
  }
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value).map(
      ([key, inner]) => [new Template(key), compile(inner, typed)] as const,
    );
    return {
      ofTag: pairs.every(([key, inner]) => key.ofTag && inner.ofTag),
      value: (event, onMissing) =>
        Object.fromEntries(
          pairs.map(([key, inner]) => [key.text(event, onMissing), inner.value(event, onMissing)]),
        ),
    };
  }
  return { ofTag: true, value: () => value };
}
