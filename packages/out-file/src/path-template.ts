import { createHash } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { compileStrftime, mostSeconds, type TimeFormat } from '@sluice/formats';
import { quarter, type ZoneOffset } from '@sluice/formats';
import type { ChunkInfo } from '@sluice/plugin';

export interface PathTemplateOptions {
  /** The path without its ending, with placeholders. */
  readonly base: string;
  /** The rest of it, behind the number of a file: `.log`, `.log.gz`; with placeholders, too. */
  readonly suffix: string;
  readonly zone: ZoneOffset;
  /** Length of a time slice in seconds; the placeholders get the beginning of the slice. */
  readonly timekey?: number | undefined;
  readonly workerId: number;
  /** With a buffer before the output: the fields that are chunk keys. Default: there is none. */
  readonly chunkKeys?: readonly string[] | undefined;
}

/** The name of one file. A number between the two parts tells rotated ones apart. */
export interface FileName {
  readonly base: string;
  readonly suffix: string;
  /** The symbolic link that is to lead to it. */
  readonly link?: string;
  /** Where its time slice begins, or before. */
  readonly from?: number;
}

/** Where the events of one tag go for some time. */
export interface Slice extends FileName {
  /** The whole path. */
  readonly path: string;
  /** It holds for event times from here … */
  readonly from: number;
  /** … to before here; Unix seconds. */
  readonly until: number;
}

/** Thrown for a placeholder that does not exist. */
export class PathTemplateError extends Error {
  readonly code = 'ERR_SLUICE_PATH_TEMPLATE';
  override readonly name = 'PathTemplateError';

  constructor(
    readonly placeholder: string,
    message: string,
  ) {
    super(message);
  }
}

type Part = TimeFormat | ((tag: string, chunk?: ChunkInfo) => string);

/** Linux allows 255 bytes for a name; what stands around the tag needs some of them. */
const mostTagBytes = 160;
// Control characters have no business in a file's name.
const unsafe = /[/\\\u0000-\u001f\u007f]/g;

/**
 * A tag, or a part of one, as part of a file's name. A tag is chosen by whoever sends: it must not
 * lead into another folder, so `/` and `\` become `_`.
 */
export function safeName(text: string): string {
  const name = text.replace(unsafe, '_');
  if (Buffer.byteLength(name) <= mostTagBytes) return name;
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const start = Buffer.from(name)
    .subarray(0, mostTagBytes - 17)
    .toString('utf8');
  return `${start.replace(/\uFFFD+$/, '')}-${digest}`;
}

type FromEvents = (tag: string, chunk?: ChunkInfo) => string;

function placeholder(
  name: string,
  { workerId, chunkKeys }: PathTemplateOptions,
): string | FromEvents {
  if (name === 'tag') return safeName;
  if (name === 'worker_id') return String(workerId);
  if (name === 'hostname') return os.hostname();
  if (chunkKeys !== undefined) {
    if (name === 'chunk_id') return (_tag, chunk) => chunk?.id ?? '';
    if (chunkKeys.includes(name)) {
      return (_tag, chunk) => safeName(chunk?.metadata.variables?.[name] ?? '');
    }
  }
  const digits = /^tag\[(-?\d+)\]$/.exec(name)?.[1];
  if (digits === undefined) {
    throw new PathTemplateError(
      `\${${name}}`,
      `placeholder \${${name}} is not supported in a path`,
    );
  }
  const index = Number(digits);
  return (tag) => safeName(tag.split('.').at(index) ?? '');
}

interface Parts {
  readonly parts: Part[];
  readonly tagged: boolean;
  readonly timed: boolean;
  readonly unit: number;
}

/** @throws PathTemplateError, StrftimeError */
function readParts(source: string, options: PathTemplateOptions): Parts {
  const open = /\$\{[^}]*$/.exec(source)?.[0];
  if (open !== undefined) throw new PathTemplateError(open, `"${open}" is not closed`);
  const parts: Part[] = [];
  let unit = quarter;
  let tagged = false;
  let timed = false;
  // The pieces between are read one by one, so that a % in a tag is only a %.
  for (const [whole, name] of source.matchAll(/\$\{([^}]*)\}|(?:(?!\$\{)[^])+/g)) {
    const part = whole.startsWith('${') ? placeholder(name, options) : whole;
    if (typeof part === 'function') {
      tagged = true;
      parts.push(part);
    } else if (part === whole) {
      const time = compileStrftime(whole, options.zone);
      timed ||= time.timed;
      unit = Math.min(unit, time.unit);
      parts.push(time);
    } else {
      parts.push(() => part);
    }
  }
  return { parts, tagged, timed, unit };
}

function rendered(
  parts: readonly Part[],
  tag: string,
  seconds: number,
  chunk: ChunkInfo | undefined,
): string {
  let text = '';
  for (const part of parts) text += 'timed' in part ? part(seconds, 0) : part(tag, chunk);
  return text;
}

/** The path of an output, with placeholders for the tag and the time of events. */
export class PathTemplate {
  /** Whether the path depends on the tag, or on what else a chunk has in common. */
  readonly tagged: boolean;
  /** Whether the path depends on the time. */
  readonly timed: boolean;
  readonly #base: Part[];
  readonly #suffix: Part[];
  readonly #unit: number;

  /** @throws PathTemplateError, StrftimeError */
  constructor(readonly options: PathTemplateOptions) {
    const base = readParts(path.resolve(options.base), options);
    const suffix = readParts(options.suffix, options);
    this.#base = base.parts;
    this.#suffix = suffix.parts;
    this.tagged = base.tagged || suffix.tagged;
    this.timed = base.timed || suffix.timed;
    this.#unit = Math.min(base.unit, suffix.unit) || 1;
  }

  /** The folder that is there whatever the tag and the time are. */
  get fixedFolder(): string {
    const fixed = /^[^%$*]*/.exec(path.resolve(this.options.base))?.[0] ?? '';
    return path.dirname(`${fixed}x`);
  }

  /**
   * Where an event goes.
   *
   * @param chunk the chunk that it is in, where there is a buffer before the output
   */
  slice(tag: string, seconds: number, chunk?: ChunkInfo): Slice {
    const at = Math.min(Math.max(Math.floor(seconds), -mostSeconds), mostSeconds);
    const { timekey, zone } = this.options;
    let from = -Infinity;
    let until = Infinity;
    let start = at;
    if (this.timed) {
      from = Math.floor(at / this.#unit) * this.#unit;
      until = from + this.#unit;
      if (timekey !== undefined) {
        // A zone's offset may change in the middle of a slice: no answer outlives the quarter.
        from = Math.floor(at / quarter) * quarter;
        until = from + quarter;
        const offset = zone(at);
        start = Math.floor((at + offset) / timekey) * timekey - offset;
        from = Math.max(from, start);
        until = Math.min(until, start + timekey);
      }
    }
    let base = rendered(this.#base, tag, start, chunk);
    const suffix = rendered(this.#suffix, tag, start, chunk);
    // A part of a path that a tag made empty, or . or .., is not a folder of its own.
    if (this.tagged) base = base.replace(/(?<=\/)\.{0,2}(?=\/|$)/g, dots);
    return { base, suffix, path: base + suffix, from, until };
  }
}

const dots = (text: string): string => '_'.repeat(Math.max(text.length, 1));
