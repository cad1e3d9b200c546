import type { ConfigElement } from '@sluice/config';
import type { Plugin } from './plugin.js';

/** What went through one plugin since the start, counted from outside of it. */
export interface Traffic {
  /** Calls: messages of an input, writes of an output, streams of a filter. */
  readonly emits: number;
  /** Events in those calls. */
  readonly records: number;
  /** Bytes of packed events. */
  readonly bytes: number;
  /** Calls whose events were kept. */
  readonly kept: number;
  /** Calls that failed: the events were not kept. */
  readonly failed: number;
  /** Calls that are not settled yet. */
  readonly pending: number;
  /**
   * Unix time in milliseconds since when calls have been pending and none of them has settled; absent
   * while none is pending.
   */
  readonly pendingSince: number | undefined;
  /** How long calls took until their events were kept. */
  readonly latency: Latency;
}

/** A histogram, in seconds. */
export interface Latency {
  /** Upper bounds of the buckets, seconds, ascending; one more bucket is above the last. */
  readonly bounds: readonly number[];
  /** How many fell into each bucket, not cumulative: one more than `bounds`. */
  readonly counts: readonly number[];
  /** Sum of all, seconds. */
  readonly sum: number;
}

/** One plugin of the host, as an input that watches the others sees it. */
export interface PluginView {
  /** Which section of the configuration has it: `<source>`, `<filter>` or `<match>`. */
  readonly category: 'input' | 'filter' | 'output';
  /** `@type`. */
  readonly type: string;
  /** Its section of the configuration. */
  readonly element: ConfigElement;
  /** The instance that runs. */
  readonly plugin: Plugin;
  /** What went through it since the start. */
  readonly traffic: Traffic;
}

/** A warning or an error that was logged. */
export interface LoggedWarning {
  /** How bad it is. */
  readonly level: 'warn' | 'error';
  /** Unix time in milliseconds, of the last time. */
  readonly time: number;
  /** The line, without time, level and fields. */
  readonly text: string;
  /** The id of the plugin; none where it is the host's own. */
  readonly plugin: string | undefined;
  /** What names the cause: peer, reason, tag and so on; never records. */
  readonly fields: Readonly<Record<string, string>>;
  /** How often in a row. */
  readonly count: number;
}

/** The host, for an input that watches it. Fluentd: what `in_monitor_agent` finds in the engine. */
export interface HostView {
  /** The version of the host, as its package has it. */
  readonly version: string;
  /** The whole configuration. */
  readonly root: ConfigElement;
  /** All plugins, in the order of the configuration. */
  readonly plugins: readonly PluginView[];
  /** The latest warnings and errors, the newest first. */
  warnings(): readonly LoggedWarning[];
  /** How many warnings and errors have been logged since the start. */
  readonly warned: {
    /** Warnings. */
    readonly warn: number;
    /** Errors, and what is fatal. */
    readonly error: number;
  };
  /** The output that takes events of this tag at the top level. */
  outputFor(tag: string): Plugin | undefined;
  /** Events that no `<match>` took, by label; `@ROOT` is the top level. */
  unmatched(): Readonly<Record<string, number>>;
  /** Events that filters could not process, and streams that were not kept. */
  errors(): {
    /** Events that filters or parsers could not process. */
    readonly events: number;
    /** Streams that were not kept. */
    readonly emits: number;
  };
}
