import { compileStrftime, StrftimeError } from '@sluice/formats';
import { localOffset, type ChunkInfo } from '@sluice/plugin';

/** Thrown for a placeholder that has no value. */
export class PlaceholderError extends Error {
  readonly code = 'ERR_SLUICE_PLACEHOLDER';
  override readonly name = 'PlaceholderError';

  constructor(readonly placeholder: string) {
    super(
      `\${${placeholder}} has no value: it must be tag, tag[N], chunk_id or a chunk key of <buffer>`,
    );
  }
}

type Part = (tag: string, chunk: ChunkInfo | undefined, seconds: number) => string;

/** A name with placeholders, which a chunk fills in. */
export class NameTemplate {
  readonly #parts: Part[];

  /** @throws StrftimeError */
  constructor(text: string) {
    this.#parts = [...text.matchAll(/\$\{([^}]*)\}|(?:(?!\$\{)[^])+/g)].map(([whole, name]) => {
      if (whole.startsWith('${')) return (tag, chunk) => safe(valueOf(name, tag, chunk));
      const time = compileStrftime(whole, localOffset);
      return (_tag, _chunk, seconds) => time(seconds, 0);
    });
  }

  /**
   * @param now Unix time in seconds, for chunks without a time slice
   * @throws PlaceholderError
   */
  fill(tag: string, chunk: ChunkInfo | undefined, now: number): string {
    const seconds = chunk?.metadata.timekey ?? now;
    return this.#parts.map((part) => part(tag, chunk, seconds)).join('');
  }
}

export { StrftimeError };

function valueOf(name: string, tag: string, chunk: ChunkInfo | undefined): string {
  if (name === 'tag') return tag;
  const index = /^tag\[(-?\d+)\]$/.exec(name)?.[1];
  if (index !== undefined) return tag.split('.').at(Number(index)) ?? '';
  if (name === 'chunk_id' && chunk !== undefined) return chunk.id;
  const variables = chunk?.metadata.variables ?? {};
  if (Object.hasOwn(variables, name)) return variables[name];
  throw new PlaceholderError(name);
}

/** Tags and fields are chosen by whoever sends: they must not lead into another folder. */
function safe(text: string): string {
  const name = text.replace(/[/\\\u0000-\u001f\u007f]/g, '_').slice(0, 120);
  return /^\.{0,2}$/.test(name) ? '_' : name;
}
