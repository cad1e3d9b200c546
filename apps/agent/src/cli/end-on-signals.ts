const signals = ['SIGINT', 'SIGTERM'] as const;

/**
 * A signal that is aborted by the first SIGINT or SIGTERM of the process, and when nobody reads its
 * standard output any more. The second signal ends the process as usual.
 */
export function endOnSignals(): { readonly signal: AbortSignal; off(): void } {
  const controller = new AbortController();
  const off = (): void => {
    for (const name of signals) process.off(name, end);
  };
  const end = (): void => {
    off();
    controller.abort();
  };
  for (const name of signals) process.on(name, end);
  process.stdout.once('error', end);
  return { signal: controller.signal, off };
}
