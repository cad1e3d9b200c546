import {
  Alarm,
  transportHeartbeat,
  udpHeartbeat,
  type Heartbeat,
  type HeartbeatEvents,
  type Target,
} from '@sluice/forward-client';
import { explain } from './explain.js';
import { FailureDetector } from './failure-detector.js';
import type { ForwardOutputConfig } from './section.js';

/** Milliseconds until a server that is down is tried again, at first and at most. */
const FIRST_RETRY = 100;
const LONGEST_RETRY = 5000;
/** A server that starts slowly begins with this part of its weight. */
const FIRST_SHARE = 0.1;

/** The parameters of the output that say when a server is up. Fluentd's names. */
export type HealthConfig = Pick<
  ForwardOutputConfig,
  | 'heartbeatType'
  | 'heartbeatInterval'
  | 'phiFailureDetector'
  | 'phiThreshold'
  | 'hardTimeout'
  | 'recoverWait'
  | 'slowStart'
  | 'connectTimeout'
>;

/** Told when a server became available or unavailable, with the reason. */
export interface HealthEvents {
  down(reason: string): void;
  up(reason: string): void;
}

/** Whether one server is up: what heartbeats, connections and acks say about it. */
export class Health {
  available = true;
  /** How often it was found to be down. */
  failures = 0;
  lastError: Error | undefined;
  /** When it may be tried again while it is down, in milliseconds of `performance.now()`. */
  retryAt = 0;
  readonly #detector: FailureDetector;
  readonly #heartbeat: Heartbeat | undefined;
  readonly #alarm = new Alarm(() => this.#look());
  #beats: NodeJS.Timeout | undefined;
  /** Since when it answers again without a gap. */
  #upSince: number | undefined;
  #downSince = 0;
  #retryWait = FIRST_RETRY;
  /** Since when it has got more and more of its weight. */
  #startedAt: number;
  #closed = false;

  /**
   * @param isNew whether it came while the output was running, and starts slowly
   * @param beat makes what sends the heartbeats; undefined: there are none
   */
  constructor(
    target: Target,
    private readonly config: HealthConfig,
    private readonly events: HealthEvents,
    isNew: boolean,
    beat: typeof heartbeatOf = heartbeatOf,
  ) {
    const now = performance.now();
    this.#startedAt = isNew ? now : -Infinity;
    this.#detector = new FailureDetector(config.heartbeatInterval * 1000, now);
    this.#heartbeat = beat(target, config, {
      alive: () => this.alive(),
      refused: (error) => this.#refused(error),
    });
  }

  /** Begins to send heartbeats. */
  start(): void {
    if (this.#heartbeat === undefined) return;
    this.#detector.clear(performance.now());
    this.#look();
    this.#heartbeat.send();
    this.#beats = setInterval(() => this.#heartbeat?.send(), this.config.heartbeatInterval * 1000);
  }

  /** What there is of its weight, from 0 to 1. */
  share(now: number): number {
    const { slowStart } = this.config;
    const passed = (now - this.#startedAt) / 1000;
    return passed >= slowStart ? 1 : Math.max(passed / slowStart, FIRST_SHARE);
  }

  /** It was heard of: a heartbeat was answered, or a chunk acknowledged, which is as good as one. */
  alive(): void {
    const now = performance.now();
    this.#detector.add(now);
    if (this.available || this.#closed || this.#heartbeat === undefined) return;
    this.#upSince ??= now;
    if (now - this.#upSince >= this.config.recoverWait * 1000) this.#recover('it answers again');
  }

  /** A connection that can be used: a server that takes one is up. */
  connected(): void {
    this.#retryWait = FIRST_RETRY;
    if (!this.available) this.#recover('it takes connections again');
  }

  /** It cannot be used. */
  fail(error: Error): void {
    if (this.#closed) return;
    const now = performance.now();
    this.lastError = error;
    this.#upSince = undefined;
    this.#downSince = now;
    // Between half and the whole: the clients of a server that comes back must not come at once.
    this.retryAt = now + this.#retryWait * (0.5 + Math.random() / 2);
    this.#retryWait = Math.min(this.#retryWait * 2, LONGEST_RETRY);
    if (this.#heartbeat === undefined) this.#alarm.by(now + this.config.recoverWait * 1000);
    if (!this.available) return;
    this.available = false;
    this.failures += 1;
    this.events.down(explain(error));
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#beats);
    this.#alarm.clear();
    this.#heartbeat?.close();
  }

  /** Finds what is due: a silence that is too long, or without heartbeats the end of a wait. */
  #look(): void {
    const { config } = this;
    const now = performance.now();
    if (this.#heartbeat === undefined) {
      const due = this.#downSince + config.recoverWait * 1000;
      if (this.available) return;
      if (now >= due) this.#recover('recover_wait is over');
      else this.#alarm.by(due);
      return;
    }
    if (!this.available) return;
    const last = this.#detector.last;
    const hard = last + config.hardTimeout * 1000;
    const suspect = config.phiFailureDetector
      ? this.#detector.suspectAt(config.phiThreshold)
      : Infinity;
    if (now >= hard) this.fail(new Error(`no heartbeat for ${config.hardTimeout} s`));
    else if (now >= suspect) {
      this.fail(new Error(`no heartbeat for ${Math.round((now - last) / 1000)} s`));
    } else this.#alarm.by(Math.min(hard, suspect));
  }

  #recover(why: string): void {
    const now = performance.now();
    this.available = true;
    this.retryAt = 0;
    this.#startedAt = now;
    this.#detector.clear(now);
    this.#look();
    this.events.up(why);
  }

  /** A server that refuses a heartbeat is down; whether one is only late, the detector decides. */
  #refused(error: Error): void {
    if (this.#closed) return;
    this.#upSince = undefined;
    const { code } = error as NodeJS.ErrnoException;
    if (this.available && code === 'ECONNREFUSED') this.fail(error);
  }
}

/** The heartbeats of `heartbeat_type`. */
function heartbeatOf(
  target: Target,
  { heartbeatType, connectTimeout, hardTimeout }: HealthConfig,
  events: HeartbeatEvents,
): Heartbeat | undefined {
  if (heartbeatType === 'none') return undefined;
  if (heartbeatType === 'udp') return udpHeartbeat(target, events);
  const timeout = Math.min(connectTimeout ?? hardTimeout, hardTimeout);
  return transportHeartbeat(target, timeout * 1000, events);
}
