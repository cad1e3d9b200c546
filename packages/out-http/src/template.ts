import { hostname } from 'node:os';
import { compileStrftime, localOffset, utcOffset, zoneOffset } from '@sluice/formats';
import { UnrecoverableError, type ChunkInfo } from '@sluice/plugin';

/** A placeholder that nothing stands for. */
export class PlaceholderError extends Error {
  override readonly name = 'PlaceholderError';
  readonly code = 'ERR_SLUICE_HTTP_PLACEHOLDER';

  constructor(
    readonly placeholder: string,
    hint: string,
  ) {
    super(`\${${placeholder}} has no value: ${hint}`);
  }
}

/** What the `<buffer>` before the output says of its chunks. */
export interface ChunkKeys {
  /** Its chunk keys without tag and time; undefined where there is no `<buffer>`. */
  readonly fields: readonly string[];
  /** Whether time is a chunk key. */
  readonly time: boolean;
  /** The zone of time slices: a name, `utc`, or undefined for the local one. */
  readonly zone: string | undefined;
}

type Part = (tag: string, chunk: ChunkInfo | undefined, workerId: number) => string;

/** A text whose placeholders stand for what the events of a chunk have in common. */
export class Template {
  readonly #parts: Part[] = [];
  readonly #workerId: number;
  readonly #encode: (text: string) => string;

  /**
   * @param encode makes a value safe in its place: it is a sender's
   * @throws PlaceholderError, StrftimeError
   */
  constructor(
    source: string,
    keys: ChunkKeys,
    workerId: number,
    encode: (text: string) => string = (text) => text,
  ) {
    this.#workerId = workerId;
    this.#encode = encode;
    for (const [whole, name] of source.matchAll(/\$\{([^}]*)\}|(?:(?!\$\{)[^])+/g) as Iterable<
      [string, string | undefined]
    >) {
      this.#parts.push(name === undefined ? textPart(whole, keys) : this.#placeholder(name, keys));
    }
  }

  fill(tag: string, chunk: ChunkInfo | undefined): string {
    return this.#parts.map((part) => part(tag, chunk, this.#workerId)).join('');
  }

  #placeholder(name: string, { fields }: ChunkKeys): Part {
    const encode = this.#encode;
    if (name === 'tag') return (tag) => encode(tag);
    if (name === 'hostname') return () => hostname();
    if (name === 'worker_id') return (_tag, _chunk, workerId) => String(workerId);
    if (name === 'chunk_id') return (_tag, chunk) => chunk?.id ?? '';
    const index = /^tag\[(-?\d+)\]$/.exec(name)?.[1];
    if (index !== undefined) return (tag) => encode(tag.split('.').at(Number(index)) ?? '');
    if (!fields.includes(name)) {
      throw new PlaceholderError(name, 'make it a chunk key, as in <buffer tag, name>');
    }
    return (_tag, chunk) => {
      const value = chunk?.metadata.variables?.[name];
      if (value === undefined) {
        throw new UnrecoverableError(`\${${name}} has no value in this chunk`);
      }
      return encode(value);
    };
  }
}

/** Text between placeholders; with `time` as a chunk key `%Y` and so on stand for its time slice. */
function textPart(text: string, { time, zone }: ChunkKeys): Part {
  if (!time || !text.includes('%')) return () => text;
  const offset = zone === undefined ? localOffset : zone === 'utc' ? utcOffset : zoneOffset(zone);
  const format = compileStrftime(text, offset);
  return (_tag, chunk) => format(chunk?.metadata.timekey ?? Date.now() / 1000, 0);
}
