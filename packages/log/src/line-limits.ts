import { levels } from 'pino';

/** The most characters of a line's text, and of one field. */
const longestText = 4000;
const longestField = 1000;
/** Lines of up to so many characters cannot have anything that is too long. */
const surelyShort = longestField;

/** Lines of one level that may come at once, and per second from then on. */
const burst = 500;
const perSecond = 50;

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}… (${text.length} characters)`;
}

/** Shortens long texts and fields of pino's line: a peer decides how long a tag is. */
export function shortened(json: string): string {
  if (json.length <= surelyShort) return json;
  const entry = JSON.parse(json) as Record<string, unknown>;
  const short = Object.entries(entry).map(([key, value]): [string, unknown] => {
    if (key === 'details') return [key, value]; // the agent's own words
    if (typeof value === 'string') return [key, cut(value, limitOf(key))];
    if (typeof value !== 'object' || value === null) return [key, value];
    const text = JSON.stringify(value);
    return [key, text.length <= 2 * longestText ? value : cut(text, longestField)];
  });
  return `${JSON.stringify(Object.fromEntries(short))}\n`;
}

function limitOf(key: string): number {
  return key === 'msg' || key === 'record' ? longestText : longestField;
}

interface Bucket {
  left: number;
  /** Milliseconds: when `left` was right. */
  since: number;
  omitted: number;
}

/**
 * Bounds how many lines are written, each level on its own: whatever peers do, the log does not fill
 * the disk. How many were left out is logged as soon as there is room again. Levels that somebody has
 * to ask for (trace, debug) and fatal are not bounded.
 */
export class LineRate {
  readonly #buckets = new Map<number, Bucket>();
  #timer: NodeJS.Timeout | undefined;

  constructor(readonly write: (line: string) => void) {
    for (const level of [levels.values.info, levels.values.warn, levels.values.error]) {
      this.#buckets.set(level, { left: burst, since: 0, omitted: 0 });
    }
  }

  push(json: string): void {
    const bucket = this.#buckets.get(levelOf(json));
    if (bucket === undefined) {
      this.write(json);
      return;
    }
    const now = Date.now();
    // A clock that is set back gives nothing and takes nothing.
    const passed = Math.max(0, now - bucket.since) / 1000;
    bucket.left = Math.min(burst, bucket.left + passed * perSecond);
    bucket.since = now;
    if (bucket.left < 1) {
      bucket.omitted += 1;
      this.#timer ??= setTimeout(() => this.flush(), 1000).unref();
      return;
    }
    bucket.left -= 1;
    this.write(json);
  }

  /** Tells how many lines were left out since the last time. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [level, bucket] of this.#buckets) {
      const { omitted } = bucket;
      if (omitted === 0) continue;
      bucket.omitted = 0;
      const msg = `${omitted} ${levels.labels[level]} lines were left out: too many at a time`;
      this.write(`${JSON.stringify({ level, time: Date.now(), omitted, msg })}\n`);
    }
  }
}

/** pino's lines begin with their level. */
function levelOf(json: string): number {
  return Number(/^\{"level":(\d+)/.exec(json)?.[1]);
}
