/** A place in a configuration file. Lines and columns count from 1; columns count characters. */
export interface Location {
  /** The file's path as it was given or included, or what the caller named the text. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** In characters, from 1. */
  readonly column: number;
  /** The text of that line, without its line end. */
  readonly lineText: string;
}

/**
 * The text of one configuration file, which turns offsets into lines and columns.
 *
 * The index of line starts is built on first use: a configuration without errors or warnings never
 * pays for it.
 */
export class SourceText {
  readonly file: string;
  readonly text: string;
  #starts: number[] | undefined;

  constructor(file: string, text: string) {
    this.file = file;
    // A byte order mark does not belong to the configuration.
    this.text = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }

  /** The location of the character at `offset`; it is computed when its fields are read. */
  at(offset: number): Location {
    return new Place(this, offset);
  }

  /** The 0-based line that holds `offset`, and the offset at which that line starts. */
  lineOf(offset: number): { index: number; start: number } {
    const starts = (this.#starts ??= lineStarts(this.text));
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return { index: low, start: starts[low] };
  }
}

class Place implements Location {
  readonly #source: SourceText;
  readonly #offset: number;

  constructor(source: SourceText, offset: number) {
    this.#source = source;
    this.#offset = offset;
  }

  get file(): string {
    return this.#source.file;
  }

  get line(): number {
    return this.#source.lineOf(this.#offset).index + 1;
  }

  get column(): number {
    const { start } = this.#source.lineOf(this.#offset);
    const before = this.#source.text.slice(start, this.#offset);
    return Array.from(before).length + 1;
  }

  get lineText(): string {
    const { start } = this.#source.lineOf(this.#offset);
    const { text } = this.#source;
    let end = start;
    while (end < text.length && text[end] !== '\n' && text[end] !== '\r') end++;
    return text.slice(start, end);
  }

  toJSON(): Omit<Location, 'lineText'> {
    return { file: this.file, line: this.line, column: this.column };
  }
}

/** Lines end with LF, CR LF or a lone CR, as Fluentd's parser has it. */
function lineStarts(text: string): number[] {
  const starts = [0];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 10 || (code === 13 && text.charCodeAt(i + 1) !== 10)) starts.push(i + 1);
  }
  return starts;
}
