import type { LogOptions } from '@sluice/log';

/** How to run the agent. */
export interface LaunchOptions {
  /** The configuration file. */
  readonly config: string;
  /** Is appended to the configuration file's text. Fluentd: `--inline-config`. */
  readonly inlineConfig?: string;
  /** In place of the configuration's `workers`. */
  readonly workers?: number;
  /** Modules of plugins, by path or package, beside those that the configuration names. */
  readonly plugins?: readonly string[];
  /** Refuse a configuration that gives warnings. Default: false. */
  readonly strict?: boolean;
  /** Holds the process's number while it runs. */
  readonly pidFile?: string;
  readonly log?: LogOptions;
  /** Called when everything is started. */
  readonly onReady?: () => void;
}
