/** Data that an output holds back. Fluentd: `buffer_*` of `in_monitor_agent`. */
export interface QueueStatistics {
  /** Bytes that wait. Fluentd: `buffer_total_queued_size`. */
  readonly bytes: number;
  /** The most bytes that may wait. Fluentd: `total_limit_size`. Default: there is no limit. */
  readonly limit?: number;
  /** Chunks that are full or due and wait to be written. Fluentd: `buffer_queue_length`. */
  readonly chunks?: number;
  /** Chunks that still take events. Fluentd: `buffer_stage_length`. */
  readonly stagedChunks?: number;
  /** Events that wait. */
  readonly events?: number;
  /** Unix time in seconds of the oldest chunk. Default: nothing waits, or it is not known. */
  readonly oldest?: number;
}

/** What an output is repeating. Fluentd: `retry` of `in_monitor_agent`. */
export interface RetryStatistics {
  /** Failed attempts since the last success. Fluentd: `retry.steps`. */
  readonly steps: number;
  /** Unix time in seconds of the first failure. Fluentd: `retry.start`. */
  readonly start: number;
  /** Unix time in seconds of the next attempt. Fluentd: `retry.next_time`. */
  readonly nextTime?: number;
  /** Why the last attempt failed. */
  readonly reason?: string;
}

/** One number, or one for each value of a label: `{ label: 'reason', values: { too_large: 3 } }`. */
export type Statistic =
  | number
  | {
      /** Name of the label, in snake case. */
      readonly label: string;
      /** The number of each value of the label. */
      readonly values: Readonly<Record<string, number>>;
    };

/** A server that an output sends to. */
export interface RemoteServerStatistics {
  /** Name in the configuration. */
  readonly name: string;
  /** `host:port`, or what else names it. */
  readonly address: string;
  /** Whether events are sent to it. */
  readonly available: boolean;
  /** Its share of the load beside the others. */
  readonly weight?: number;
  /** Used only where no other is available. */
  readonly standby?: boolean;
  /** Chunks that it has taken since the start. */
  readonly kept?: number;
  /** How often it was found to be down. */
  readonly failures?: number;
  /** Why it is not available, or what failed last. */
  readonly reason?: string;
}

/**
 * What a plugin tells of itself, plain and cheap: it is asked for whenever somebody looks at the
 * status page or collects metrics.
 */
export interface PluginStatistics {
  /** What an output holds back. */
  readonly queue?: QueueStatistics;
  /** What an output is repeating now; absent while nothing is. */
  readonly retry?: RetryStatistics;
  /** Since the start, never falling; names in snake case, such as `dropped_events`. */
  readonly counters?: Readonly<Record<string, Statistic>>;
  /** Of now; names in snake case, such as `open_files`. */
  readonly gauges?: Readonly<Record<string, Statistic>>;
  /** Servers that it sends to. Those that it listens with are known from its server helper. */
  readonly servers?: readonly RemoteServerStatistics[];
}
