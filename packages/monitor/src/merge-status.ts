import { mergeHistories } from './history.js';
import type { DestinationStatus, PluginStatus, ServerStatus, Status } from './status.js';

/** How much of all one worker does. */
export interface WorkerShare {
  readonly worker: number;
  /** Whether it has answered; the numbers of one that has not are 0. */
  readonly answers: boolean;
  readonly pid: number;
  /** Seconds. */
  readonly uptime: number;
  /** Bytes. */
  readonly memory: number;
  /** Of all inputs but the monitor. */
  readonly records: number;
  readonly bytes: number;
  readonly pending: number;
  readonly failed: number;
  /** Open connections, without those of the monitor. */
  readonly open: number;
}

/** What the page shows: all workers together, and each one's share. */
export interface MergedStatus extends Omit<Status, 'worker'> {
  /** The worker that this is of; null: of all. */
  readonly worker: number | null;
  readonly shares: readonly WorkerShare[];
}

const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

/**
 * @param statuses by worker; undefined where one does not answer. At least one does
 * @param worker where it is the view of a single one: its number
 */
export function mergeStatuses(
  statuses: ReadonlyMap<number, Status | undefined>,
  worker: number | null,
): MergedStatus {
  const all = [...statuses.values()].filter((status) => status !== undefined);
  const [first] = all;
  const total = (value: (status: Status) => number): number => sum(all.map(value));
  return {
    ...first,
    worker,
    time: Math.max(...all.map(({ time }) => time)),
    uptime: Math.max(...all.map(({ uptime }) => uptime)),
    memory: total(({ memory }) => memory),
    shares: [...statuses].map(([id, status]) => shareOf(id, status)),
    plugins: groups(
      all.flatMap(({ plugins }) => plugins),
      ({ id }) => id,
    ).map(mergePlugins),
    servers: groups(
      all.flatMap(({ servers }) => servers),
      // Worker N of the monitor has a port of its own.
      ({ plugin, title, address }) =>
        title === 'in_monitor_agent' ? title : `${plugin} ${title} ${address}`,
    ).map(mergeServers),
    destinations: groups(
      all.flatMap(({ destinations }) => destinations),
      ({ plugin, name, address }) => `${plugin} ${name} ${address}`,
    ).map(mergeDestinations),
    certificates: groups(
      all.flatMap(({ certificates }) => certificates),
      (one) => JSON.stringify({ ...one, daysLeft: undefined }),
    ).map(([one]) => one),
    unmatchedEvents: total(({ unmatchedEvents }) => unmatchedEvents),
    failedEmits: total(({ failedEmits }) => failedEmits),
    errorEvents: total(({ errorEvents }) => errorEvents),
    warned: {
      warn: total(({ warned }) => warned.warn),
      error: total(({ warned }) => warned.error),
    },
    warnings: all
      .flatMap(({ warnings }) => warnings)
      .sort((a, b) => b.time - a.time)
      .slice(0, 50),
    history: mergeHistories(all.map(({ history }) => history)),
  };
}

function shareOf(worker: number, status: Status | undefined): WorkerShare {
  const inputs = (status?.plugins ?? []).filter(
    ({ category, type }) => category === 'input' && type !== 'monitor_agent',
  );
  const servers = (status?.servers ?? []).filter(({ title }) => title !== 'in_monitor_agent');
  return {
    worker,
    answers: status !== undefined,
    pid: status?.pid ?? 0,
    uptime: status?.uptime ?? 0,
    memory: status?.memory ?? 0,
    records: sum(inputs.map(({ records }) => records)),
    bytes: sum(inputs.map(({ bytes }) => bytes)),
    pending: sum(inputs.map(({ pending }) => pending)),
    failed: sum(inputs.map(({ failed }) => failed)),
    open: sum(servers.map(({ open }) => open)),
  };
}

/** Those with the same key together, in the order in which keys come up. */
function groups<T>(items: readonly T[], key: (item: T) => string): [T, ...T[]][] {
  const found = new Map<string, [T, ...T[]]>();
  for (const item of items) {
    const group = found.get(key(item));
    if (group === undefined) found.set(key(item), [item]);
    else group.push(item);
  }
  return [...found.values()];
}

function mergePlugins(all: [PluginStatus, ...PluginStatus[]]): PluginStatus {
  const total = (value: (one: PluginStatus) => number): number => sum(all.map(value));
  const known = (value: (one: PluginStatus) => number | null): number | null => {
    const values = all.map(value).filter((one) => one !== null);
    return values.length === 0 ? null : sum(values);
  };
  const since = all.map(({ pendingSince }) => pendingSince).filter((one) => one !== null);
  const retries = all.map(({ retry }) => retry).filter((one) => one !== null);
  return {
    ...all[0],
    emits: total(({ emits }) => emits),
    records: total(({ records }) => records),
    bytes: total(({ bytes }) => bytes),
    failed: total(({ failed }) => failed),
    pending: total(({ pending }) => pending),
    pendingSince: since.length === 0 ? null : Math.min(...since),
    queuedBytes: known(({ queuedBytes }) => queuedBytes),
    queuedChunks: known(({ queuedChunks }) => queuedChunks),
    // The one that has failed most often tells most.
    retry: retries.sort((a, b) => b.steps - a.steps).at(0) ?? null,
    latencySum: total(({ latencySum }) => latencySum),
    latencyCount: total(({ latencyCount }) => latencyCount),
    acks: known(({ acks }) => acks),
  };
}

function mergeServers(all: [ServerStatus, ...ServerStatus[]]): ServerStatus {
  const total = (value: (one: ServerStatus) => number): number => sum(all.map(value));
  return {
    ...all[0],
    open: total(({ open }) => open),
    accepted: total(({ accepted }) => accepted),
    refused: total(({ refused }) => refused),
    handshakeFailures: total(({ handshakeFailures }) => handshakeFailures),
    bytesIn: total(({ bytesIn }) => bytesIn),
    bytesOut: total(({ bytesOut }) => bytesOut),
  };
}

function mergeDestinations(all: [DestinationStatus, ...DestinationStatus[]]): DestinationStatus {
  return {
    ...all[0],
    availableTo: sum(all.map(({ availableTo }) => availableTo)),
    seenBy: sum(all.map(({ seenBy }) => seenBy)),
    kept: sum(all.map(({ kept }) => kept)),
    failures: sum(all.map(({ failures }) => failures)),
    reason: all.map(({ reason }) => reason).find((reason) => reason !== null) ?? null,
  };
}
