import type { Logger } from './logger.js';
import type { TransportOptions } from './options/options.js';

/** What a helper takes. */
export interface HelperOptions {
  /**
   * Where refusals and failures are written; a pino logger fits as it is.
   * @defaultValue warnings and errors to standard error
   */
  log?: Logger | undefined;
  /** Defaults from a `<transport>` section. */
  transport?: TransportOptions | undefined;
  /** Seconds that `shutdown` gives connections to finish. @defaultValue `5` */
  shutdownTimeout?: number | undefined;
}
