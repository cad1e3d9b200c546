export interface SignalActions {
  /** SIGTERM or SIGINT, the first time. */
  stop(signal: NodeJS.Signals): void;
  /** SIGTERM or SIGINT again: leave now. */
  stopNow(signal: NodeJS.Signals): void;
  /** SIGHUP or SIGUSR2. */
  reload(signal: NodeJS.Signals): void;
  /** SIGUSR1. */
  flush(): void;
}

/** Listens for the signals of a daemon, as Fluentd's supervisor does. @returns stops listening */
export function onSignals(actions: SignalActions): () => void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) actions.stopNow(signal);
    else actions.stop(signal);
    stopping = true;
  };
  const reload = (signal: NodeJS.Signals): void => actions.reload(signal);
  const flush = (): void => actions.flush();
  const listeners: [NodeJS.Signals, (signal: NodeJS.Signals) => void][] = [
    ['SIGTERM', stop],
    ['SIGINT', stop],
    ['SIGHUP', reload],
    ['SIGUSR2', reload],
    ['SIGUSR1', flush],
  ];
  for (const [signal, listener] of listeners) process.on(signal, listener);
  return () => {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  };
}
