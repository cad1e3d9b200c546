import type { ConfigElement } from '@sluice/config';
import type { Logger } from '@sluice/server';
import type { Clock } from './clock.js';

/**
 * The kinds of plugins that stand inside of others, and what making one gives. The file of each kind
 * adds its own.
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface InnerPlugins {}

/** The kinds that stand inside of another plugin. */
export type InnerKind = keyof InnerPlugins;

/** What making a plugin inside another one gives: an output comes as the host runs it. */
export type InnerPlugin<Kind extends InnerKind> = InnerPlugins[Kind];

/** What the host of a plugin (the agent, or a test) gives to it. */
export interface PluginContext {
  /** Unique name of this instance. Fluentd: `@id`; where none is configured, the host makes one. */
  readonly id: string;
  /** Log of this instance, already at the level of `@log_level`. */
  readonly log: Logger;
  /** Number of this worker process, from 0. Fluentd: `worker_id`. Default: 0. */
  readonly workerId?: number;
  /** How many worker processes serve this configuration. Fluentd: `workers`. Default: 1. */
  readonly workers?: number;
  /** The time, for a plugin that waits for something. Default: the system's. */
  readonly clock?: Clock;
  /**
   * Makes a plugin inside of this one, from a section such as `<format>`, `<parse>` or copy's
   * `<store>`; to be called in `create`. The host starts it before, and stops it after, the plugin
   * that asked for it. Default: the host cannot; {@link innerPlugin} says so in an error.
   *
   * @param kind what is wanted, such as `formatter`
   * @param element the section
   * @param usual the type where the section names none. Default: `@type` is required
   * @throws ConfigError for a wrong section or an unknown type
   */
  readonly create?: <Kind extends InnerKind>(
    kind: Kind,
    element: ConfigElement,
    usual?: string,
  ) => InnerPlugin<Kind>;
}
