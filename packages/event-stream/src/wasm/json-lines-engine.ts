import { base64 } from './json-lines-wasm.js';

/** Where the parts of the memory are, as json-lines.wat has them. */
export const HEAD_AT = 0x1000;
export const HEAD_SIZE = 4096 - 64;
export const TAIL_AT = 0x2000;
export const TAIL_SIZE = 2048 - 64;
export const NAMES_AT = 0x2800;
/** Names are no longer than a short string. */
export const LONGEST_NAME = 31;
export const MOST_NAMES = 16;
export const INPUT_AT = 0x4000;
export const INPUT_SIZE = 0x10000;
export const OUTPUT_AT = 0x14100;
const OUTPUT_LIMIT = 0x3ff00;

/** What a run of the engine ends with, and what the writer of a value says that has not written it. */
export const FULL = -1;
export const CUT = -2;
export const SLOW = -3;

/**
 * What the engine leaves to JavaScript. All get positions in the engine's memory; those that write a
 * value return the position after it, {@link FULL} or {@link CUT}.
 */
export interface EngineImports {
  /**
   * Writes the texts around the record of an entry to {@link HEAD_AT} and {@link TAIL_AT}. Has to call
   * {@link Engine.setTail}. @returns the size of the text before, or {@link SLOW}
   */
  readonly head: (entry: number) => number;
  /** Writes a key that is not a text. Has to call {@link Engine.setNext}. */
  readonly key: (pos: number, out: number) => number;
  /** Writes a value that the engine does not know. Has to call {@link Engine.setNext}. */
  readonly other: (pos: number, out: number) => number;
  /** Writes the rest of a string, which has more than ASCII in it, and the quote after it. */
  readonly text: (pos: number, stop: number, out: number) => number;
  readonly float: (value: number, out: number) => number;
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly json: (
    pos: number,
    stop: number,
    final: number,
    timed: number,
    headSize: number,
    separate: number,
    tailSize: number,
    names: number,
  ) => number;
}

// TypeScript has the types of WebAssembly only among those of browsers.
declare const WebAssembly:
  | {
      readonly Module: new (bytes: Uint8Array) => object;
      readonly Instance: new (
        module: object,
        imports: { readonly js: EngineImports },
      ) => { readonly exports: Exports };
    }
  | undefined;

/** The WebAssembly that writes JSON lines, with its memory. */
export class Engine {
  /** Its memory, where it reads and writes. */
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly run: Exports['json'];
  readonly #results: Int32Array;

  private constructor({ memory, json }: Exports) {
    this.bytes = Buffer.from(memory.buffer);
    this.view = new DataView(memory.buffer);
    this.run = json;
    this.#results = new Int32Array(memory.buffer, 0, 4);
  }

  /** @returns undefined where there is no WebAssembly, or not with vectors */
  static load(imports: EngineImports): Engine | undefined {
    if (typeof WebAssembly === 'undefined') return undefined;
    try {
      const module = new WebAssembly.Module(Buffer.from(base64, 'base64'));
      return new Engine(new WebAssembly.Instance(module, { js: imports }).exports);
    } catch {
      return undefined;
    }
  }

  /** Where the first entry begins that the last run has not written. */
  get next(): number {
    return this.#results[0];
  }

  /** Where the lines end that the last run has written. */
  get written(): number {
    return this.#results[1];
  }

  /** Says where the value ends that an import has written. */
  setNext(pos: number): void {
    this.#results[2] = pos;
  }

  /** Says how large the text after a record is. */
  setTail(size: number): void {
    this.#results[3] = size;
  }

  /** Whether so many bytes, and a value after them, find room at a position of the output. */
  hasRoom(out: number, size: number): boolean {
    return out + size <= OUTPUT_LIMIT;
  }
}
