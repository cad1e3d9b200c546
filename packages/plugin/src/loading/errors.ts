/** Why a plugin could not be loaded. */
export type PluginLoadErrorCode =
  /** No module of that name was found. */
  | 'ERR_SLUICE_PLUGIN_NOT_FOUND'
  /** The module is there and could not be imported: it threw, or its file is missing. */
  | 'ERR_SLUICE_PLUGIN_IMPORT'
  /** The module exports no plugin definition. */
  | 'ERR_SLUICE_PLUGIN_NO_DEFINITION'
  /** The plugin was made for another major version of `@sluice/plugin`. */
  | 'ERR_SLUICE_PLUGIN_VERSION'
  /** Another plugin has the same kind and type. */
  | 'ERR_SLUICE_PLUGIN_DUPLICATE';

/** Thrown when a plugin cannot be loaded. */
export class PluginLoadError extends Error {
  /** What a stack trace begins with. */
  override readonly name = 'PluginLoadError';

  constructor(
    /** For programs: it stays where the text of the message changes. */
    readonly code: PluginLoadErrorCode,
    message: string,
    /** What was asked for: a package name or a path. */
    readonly module: string,
    /** What would help. */
    readonly hint?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** The message with its hint, for people. */
  format(): string {
    return this.hint === undefined ? this.message : `${this.message}\n  ${this.hint}`;
  }
}
