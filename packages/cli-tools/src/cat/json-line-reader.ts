import { StringDecoder } from 'node:string_decoder';

/** A record read from a line, or what is wrong with the line. */
export type LineResult =
  | { readonly line: number; readonly record: Record<string, unknown> }
  | { readonly line: number; readonly problem: string };

/** Cuts bytes into lines and reads each as a JSON object; blank lines are skipped. */
export class JsonLineReader {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #line = 0;

  push(bytes: Uint8Array): LineResult[] {
    const lines = (this.#rest + this.#decoder.write(bytes)).split('\n');
    this.#rest = lines.pop() ?? '';
    return this.#read(lines);
  }

  /** The last line, which may have no line end. */
  end(): LineResult[] {
    const last = this.#rest + this.#decoder.end();
    this.#rest = '';
    return this.#read([last]);
  }

  #read(lines: string[]): LineResult[] {
    const results: LineResult[] = [];
    for (const text of lines) {
      this.#line += 1;
      if (text.trim() === '') continue;
      results.push({ line: this.#line, ...parse(text) });
    }
    return results;
  }
}

function parse(text: string): { record: Record<string, unknown> } | { problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: (error as Error).message };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { problem: 'a record is a JSON object such as {"message":"hello"}' };
  }
  return { record: value as Record<string, unknown> };
}
