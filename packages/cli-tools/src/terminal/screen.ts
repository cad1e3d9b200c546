import { fitText } from './width.js';

/** How a line looks, where the terminal has colors. */
export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green';

/** A line of a view: plain, or all of it in one style. It has no control characters. */
export type Line =
  | string
  | {
      /** What is written. */
      readonly text: string;
      /** How it looks. */
      readonly style: Style;
    };

/** What a {@link Screen} writes to: a terminal such as `process.stdout`. */
export interface TerminalOutput {
  /** Width in characters. Default: 80. */
  readonly columns?: number;
  /** Height in lines. Default: 24. */
  readonly rows?: number;
  /** Whether it is a terminal at all, not a file or a pipe. */
  readonly isTTY?: boolean;
  /** Whether it shows colours. Default: no. */
  hasColors?(): boolean;
  /** Writes text and control sequences. */
  write(text: string): boolean;
  /** Listens for a new size. */
  on(event: 'resize', listener: () => void): unknown;
  /** Listens no more. */
  off(event: 'resize', listener: () => void): unknown;
}

const codes: Readonly<Record<Style, string>> = {
  bold: '1',
  dim: '2',
  red: '31',
  yellow: '33',
  green: '32',
};

/** The text of a line, without its style. */
export function lineText(line: Line): string {
  return typeof line === 'string' ? line : line.text;
}

/**
 * The whole of a terminal, painted again and again. It uses the terminal's other screen, so that what
 * was there before is there again at the end.
 */
export class Screen {
  readonly #output: TerminalOutput;
  readonly #colors: boolean;
  #open = false;
  #last = '';

  constructor(output: TerminalOutput) {
    this.#output = output;
    this.#colors = output.hasColors?.() ?? false;
  }

  /** Columns and rows; 80 by 24 where the terminal does not say. */
  get size(): {
    /** Width in characters. */
    readonly columns: number;
    /** Height in lines. */
    readonly rows: number;
  } {
    const { columns, rows } = this.#output;
    // Some terminals say 0 where they do not know.
    return { columns: columns === 0 ? 80 : (columns ?? 80), rows: rows === 0 ? 24 : (rows ?? 24) };
  }

  /** Takes the whole terminal over. */
  open(): void {
    this.#open = true;
    this.#output.write('\u001b[?1049h\u001b[?25l');
  }

  /** Shows the lines that there is room for; what is too long is cut. */
  draw(lines: readonly Line[]): void {
    if (!this.#open) return;
    const { columns, rows } = this.size;
    const shown = lines.slice(0, rows).map((line) => `${this.#paint(line, columns)}\u001b[K`);
    const frame = `\u001b[H${shown.join('\r\n')}\u001b[J`;
    if (frame === this.#last) return;
    this.#last = frame;
    this.#output.write(frame);
  }

  /** Forgets what is painted: the terminal has changed. */
  changed(): void {
    this.#last = '';
  }

  /** Gives the terminal back as it was. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#output.write('\u001b[?25h\u001b[?1049l');
  }

  #paint(line: Line, columns: number): string {
    const text = fitText(lineText(line), columns);
    if (typeof line === 'string' || !this.#colors) return text;
    return `\u001b[${codes[line.style]}m${text}\u001b[0m`;
  }
}
