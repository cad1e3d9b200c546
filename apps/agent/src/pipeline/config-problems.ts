import { ConfigError, ConfigErrors } from '@sluice/config';

/** Collects the mistakes of a configuration, so that all of them are reported together. */
export class ConfigProblems {
  readonly #errors: ConfigError[] = [];

  /** Makes the call; a ConfigError of it is kept for later, any other is thrown at once. */
  attempt(call: () => void): void {
    try {
      call();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#errors.push(error);
    }
  }

  /** @throws ConfigError for one mistake, ConfigErrors for several; in the order of the lines */
  throwAny(): void {
    const all = this.#errors.flatMap((error) =>
      error instanceof ConfigErrors ? error.errors : [error],
    );
    if (all.length === 0) return;
    if (all.length === 1) throw all[0];
    throw new ConfigErrors(inOrder(all));
  }
}

/** By line within a file; files in the order in which they came up. */
function inOrder(errors: readonly ConfigError[]): ConfigError[] {
  const files = [...new Set(errors.map(({ file }) => file))];
  const byLine = (a: ConfigError, b: ConfigError): number =>
    (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
  return files.flatMap((file) => errors.filter((error) => error.file === file).toSorted(byLine));
}
