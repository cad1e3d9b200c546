const NANOS_PER_SECOND = 1_000_000_000;
// Date can show the years -271821 to 275760 only.
const MAX_DATE_SECONDS = 8_640_000_000_000;

/**
 * A point in time with nanoseconds, Fluentd's `Fluent::EventTime`: on the wire a MessagePack
 * extension of type 0 with two big-endian unsigned 32-bit numbers.
 */
export class EventTime {
  constructor(
    /** Whole seconds since 1970-01-01T00:00:00Z. */
    readonly seconds: number,
    /** 0 to 999,999,999. */
    readonly nanoseconds = 0,
  ) {}

  /** The present, with the resolution of the system clock as Node gives it (milliseconds). */
  static now(): EventTime {
    return EventTime.fromMillis(Date.now());
  }

  /** A time with the resolution of a `Date`: milliseconds. */
  static fromDate(date: Date): EventTime {
    return EventTime.fromMillis(date.getTime());
  }

  /** A time of milliseconds since 1970; fractions are kept. */
  static fromMillis(millis: number): EventTime {
    const seconds = Math.floor(millis / 1000);
    return new EventTime(seconds, Math.round((millis - seconds * 1000) * 1e6));
  }

  /** Seconds with a fraction, as some clients send them. Keeps about a microsecond. */
  static fromSeconds(value: number): EventTime {
    const seconds = Math.floor(value);
    const nanoseconds = Math.round((value - seconds) * NANOS_PER_SECOND);
    // 1.9999999999 rounds up to a whole second.
    return nanoseconds === NANOS_PER_SECOND
      ? new EventTime(seconds + 1, 0)
      : new EventTime(seconds, nanoseconds);
  }

  /** Milliseconds since 1970; what is finer is cut off. */
  toMillis(): number {
    return this.seconds * 1000 + this.nanoseconds / 1e6;
  }

  /** As a `Date`, which knows milliseconds. */
  toDate(): Date {
    return new Date(this.seconds * 1000 + Math.floor(this.nanoseconds / 1e6));
  }

  /** All nanoseconds since 1970. */
  toBigInt(): bigint {
    return BigInt(this.seconds) * 1_000_000_000n + BigInt(this.nanoseconds);
  }

  /**
   * ISO 8601 in UTC with nine digits, `2026-01-02T03:04:05.123456789Z`; a time outside what
   * JavaScript's Date can show is given as seconds, `9000000000000.000000000`.
   */
  toString(): string {
    const fraction = String(this.nanoseconds).padStart(9, '0');
    if (Math.abs(this.seconds) > MAX_DATE_SECONDS) return `${this.seconds}.${fraction}`;
    return `${new Date(this.seconds * 1000).toISOString().slice(0, -5)}.${fraction}Z`;
  }

  /** As `toString` has it. */
  toJSON(): string {
    return this.toString();
  }

  /** True for the same second and the same nanosecond. */
  equals(other: EventTime): boolean {
    return this.seconds === other.seconds && this.nanoseconds === other.nanoseconds;
  }
}
