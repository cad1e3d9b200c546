import { Screen, type Line, type TerminalOutput } from './screen.js';

/** Where keys come from: a terminal such as `process.stdin`. */
export interface TerminalInput {
  /** Only a terminal has keys to read. */
  readonly isTTY?: boolean;
  /** Has keys come one by one, without an echo. */
  setRawMode?(raw: boolean): unknown;
  /** Begins to read. */
  resume(): unknown;
  /** Reads no more. */
  pause(): unknown;
  /** Listens for keys. */
  on(event: 'data', listener: (bytes: Buffer) => void): unknown;
  /** Listens no more. */
  off(event: 'data', listener: (bytes: Buffer) => void): unknown;
}

/** What a {@link liveView} shows, and where. */
export interface LiveViewOptions {
  /** The terminal that is painted. */
  readonly output: TerminalOutput;
  /** Whose `q` and Ctrl-C end the view. Default: none, only the signal does. */
  readonly input?: TerminalInput;
  /** Makes what is shown; called again and again. */
  readonly render: (size: { readonly columns: number; readonly rows: number }) => readonly Line[];
  /** Milliseconds between two paintings (default: 250). */
  readonly interval?: number;
  /** Ends the view. */
  readonly signal: AbortSignal;
}

const CTRL_C = 3;

/**
 * Paints a view over the whole terminal, until its reader or the signal ends it. The terminal is left
 * as it was, also where `render` throws.
 *
 * @throws what `render` throws
 */
export async function liveView(options: LiveViewOptions): Promise<void> {
  const { output, input, render, interval = 250, signal } = options;
  const screen = new Screen(output);
  const keys = input?.isTTY === true ? input : undefined;
  const restore = (): void => {
    screen.close();
    keys?.setRawMode?.(false);
  };
  let stop: (error?: Error) => void = () => undefined;
  const stopped = new Promise<void>((resolve, reject) => {
    stop = (error) => {
      if (error === undefined) resolve();
      else reject(error);
    };
  });
  const paint = (): void => {
    try {
      screen.draw(render(screen.size));
    } catch (error) {
      stop(error as Error);
    }
  };
  const onResize = (): void => {
    screen.changed();
    paint();
  };
  const onKey = (bytes: Buffer): void => {
    if (bytes.includes(CTRL_C) || bytes.includes('q')) stop();
  };
  const onAbort = (): void => stop();
  signal.addEventListener('abort', onAbort);
  // Whatever ends the process, the terminal must be usable after it.
  process.on('exit', restore);
  output.on('resize', onResize);
  keys?.setRawMode?.(true);
  keys?.on('data', onKey);
  keys?.resume();
  const timer = setInterval(paint, interval);
  try {
    screen.open();
    paint();
    if (!signal.aborted) await stopped;
  } finally {
    clearInterval(timer);
    signal.removeEventListener('abort', onAbort);
    process.off('exit', restore);
    output.off('resize', onResize);
    keys?.off('data', onKey);
    keys?.pause();
    restore();
  }
}
