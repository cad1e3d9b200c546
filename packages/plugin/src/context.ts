import type { ConfigElement } from '@sluice/config';
import type { Logger } from '@sluice/server';
import type { InnerKind, PluginKinds } from './definition.js';
import type { EventSink } from './output.js';

/** What making a plugin inside another one gives: an output comes as the host runs it. */
export type InnerPlugin<Kind extends InnerKind> = Kind extends 'output'
  ? EventSink
  : PluginKinds[Kind]['plugin'];

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
