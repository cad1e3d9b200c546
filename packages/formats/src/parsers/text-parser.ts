import vm from 'node:vm';
import { EventTime, FloatValue } from '@sluice/event-stream';
import { ParseError, Parser, type ParsedCallback, type PluginContext } from '@sluice/plugin';
import type { ParseConfig } from './parse-params.js';
import { timeReader, type ReadTime, type TimeType } from './read-time.js';
import { valueTypes, type ConvertValue } from './value-types.js';

/** A record on its way. */
export type ParsedRecord = Record<string, unknown>;

/** Sets a field, whatever its name is: `__proto__` is one like all others. */
export function setField(record: ParsedRecord, name: string, value: unknown): void {
  if (name === '__proto__') {
    const own = { value, writable: true, enumerable: true, configurable: true };
    Object.defineProperty(record, name, own);
  } else {
    record[name] = value;
  }
}

/** What all parsers do with a record that they have found: its time, its types, its limits. */
export abstract class RecordParser extends Parser {
  /**
   * Whether the field that the time was read from stays in the record. Fluentd: `keep_time_key`.
   */
  protected readonly keepTimeKey: boolean;
  /** The field that the time is read from; undefined: none. Fluentd: `time_key`. */
  protected readonly timeKey: string | undefined;
  readonly #readTime: ReadTime;
  readonly #types: Map<string, ConvertValue> | undefined;
  readonly #nullPattern: RegExp | undefined;
  readonly #nullEmpty: boolean;
  readonly #converts: boolean;
  readonly #estimates: boolean;
  readonly #limit: TimeLimit | undefined;

  constructor(
    context: PluginContext,
    /** The name in `@type`, for errors. */
    protected readonly type: string,
    config: ParseConfig & { readonly timeType: TimeType },
  ) {
    super(context);
    this.keepTimeKey = config.keepTimeKey;
    this.timeKey = config.timeKey;
    this.#readTime = timeReader(config);
    this.#types = config.types && valueTypes(config.types, config);
    this.#nullPattern = config.nullValuePattern;
    this.#nullEmpty = config.nullEmptyString;
    this.#converts =
      this.#types !== undefined || this.#nullPattern !== undefined || this.#nullEmpty;
    this.#estimates = config.estimateCurrentEvent;
    if (config.timeout !== undefined) this.#limit = new TimeLimit(config.timeout);
  }

  parse(text: Buffer, found: ParsedCallback): void {
    if (this.#limit === undefined) {
      this.read(text, found);
      return;
    }
    if (this.#limit.run(() => this.read(text, found))) return;
    this.log.warn({ parser: this.type, bytes: text.length }, 'parsing timed out');
    throw this.error('parsing timed out');
  }

  /** Whether a record stays as it is found, but for its time, and nothing is timed. */
  protected get isPlain(): boolean {
    return !this.#converts && this.#limit === undefined;
  }

  /** Does what {@link Parser.parse} says. */
  protected abstract read(text: Buffer, found: ParsedCallback): void;

  /** An error that names this parser. */
  protected error(reason: string, cause?: unknown): ParseError {
    return new ParseError(this.type, reason, { cause });
  }

  /** The text does not look as this parser wants it. Fluentd: `pattern not matched`. */
  protected mismatch(): ParseError {
    return this.error('pattern not matched');
  }

  /** Takes the time out of a record, converts its values, and hands it on. */
  protected finish(record: ParsedRecord, found: ParsedCallback): void {
    const time = this.#time(record);
    if (this.#converts) this.#convert(record);
    found(time, record);
  }

  /** The present where the parser may guess it. */
  protected estimate(): EventTime | undefined {
    return this.#estimates ? EventTime.now() : undefined;
  }

  /** @throws ParseError */
  protected timeOf(value: unknown, read: ReadTime = this.#readTime): EventTime {
    try {
      return read(value);
    } catch (error) {
      throw this.error(`invalid time: ${(error as Error).message}`, error);
    }
  }

  #time(record: ParsedRecord): EventTime | undefined {
    const key = this.timeKey;
    if (key === undefined || !Object.hasOwn(record, key)) return this.estimate();
    const value = record[key];
    const time = this.timeOf(value instanceof FloatValue ? value.value : value);
    if (!this.keepTimeKey) Reflect.deleteProperty(record, key);
    return time;
  }

  #convert(record: ParsedRecord): void {
    for (const key of Object.keys(record)) {
      const value = record[key];
      if (value === null || value === undefined || value === false) continue;
      if (typeof value === 'string' && this.#meansNull(value)) {
        setField(record, key, null);
        continue;
      }
      const convert = this.#types?.get(key);
      if (convert !== undefined) setField(record, key, convert(value));
    }
  }

  #meansNull(value: string): boolean {
    return (this.#nullEmpty && value === '') || this.#nullPattern?.test(value) === true;
  }
}

/** A parser of text; bytes that are not UTF-8 become U+FFFD. */
export abstract class TextParser extends RecordParser {
  protected read(text: Buffer, found: ParsedCallback): void {
    this.readText(text.toString('utf8'), found);
  }

  protected abstract readText(text: string, found: ParsedCallback): void;
}

/** Stops what takes too long, a regular expression that goes astray included. */
class TimeLimit {
  readonly #milliseconds: number;
  readonly #sandbox: { task: () => void } = { task: () => undefined };
  readonly #context = vm.createContext(this.#sandbox);
  readonly #script = new vm.Script('task()');

  constructor(seconds: number) {
    this.#milliseconds = Math.max(1, Math.ceil(seconds * 1000));
  }

  /** @returns false where the time was over */
  run(task: () => void): boolean {
    this.#sandbox.task = task;
    try {
      this.#script.runInContext(this.#context, { timeout: this.#milliseconds });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return false;
      throw error;
    } finally {
      this.#sandbox.task = () => undefined;
    }
  }
}
