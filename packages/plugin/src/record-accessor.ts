/** A way into a record: names of fields, and numbers of array elements (from the end, if negative). */
export type FieldPath = readonly (string | number)[];

/** A key that cannot be read; the message says what is wrong with it. */
export class RecordAccessorError extends Error {
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_RECORD_ACCESSOR';

  constructor(
    /** The key as it was given. */
    readonly key: string,
    problem: string,
  ) {
    super(`the key ${JSON.stringify(key)} cannot be read: ${problem}`);
    this.name = 'RecordAccessorError';
  }
}

const bracket = /\[(?:'([^']*)'|"([^"]*)"|(-?\d+))\]/y;

/** Reads `['a'][0]` from `at` on. */
function readBrackets(key: string, at: number, end: number, path: (string | number)[]): void {
  while (at < end) {
    bracket.lastIndex = at;
    const match = bracket.exec(key) as (string | undefined)[] | null;
    if (match === null || bracket.lastIndex > end) {
      throw new RecordAccessorError(key, `expected ['name'] or [number] at ${key.slice(at, end)}`);
    }
    path.push(match[3] === undefined ? (match[1] ?? match[2] ?? '') : Number(match[3]));
    at = bracket.lastIndex;
  }
}

/**
 * Reads the name of a field, or a path to a nested one: `$.a.b[0].c` or `$['a']['b'][0]`. Any other
 * text is the name of a field of the record itself. Fluentd: `record_accessor`.
 *
 * @throws RecordAccessorError
 */
export function parseRecordAccessor(key: string): FieldPath {
  const path: (string | number)[] = [];
  if (key.startsWith('$[')) {
    readBrackets(key, 1, key.length, path);
    return path;
  }
  if (!key.startsWith('$.')) return [key];
  let at = 2;
  for (const part of key.slice(2).split('.')) {
    const open = part.indexOf('[');
    const name = open === -1 ? part : part.slice(0, open);
    if (name === '' && (open === -1 || path.length === 0)) {
      throw new RecordAccessorError(key, "a name is empty; one with a dot is written $['a.b']");
    }
    if (name !== '') path.push(name);
    if (open !== -1) readBrackets(key, at + open, at + part.length, path);
    at += part.length + 1;
  }
  return path;
}
