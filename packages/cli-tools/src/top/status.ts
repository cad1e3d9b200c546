import { get } from 'node:http';

/** Milliseconds to wait for an answer. */
const answerTimeout = 5000;
const mostBytes = 16 * 1024 * 1024;

/** What `/api/status.json` of monitor_agent says, as far as {@link topView} shows it. */
export interface AgentStatus {
  readonly version: string;
  readonly pid: number;
  readonly workers: number;
  /** The worker that this is of; null: of all. */
  readonly worker: number | null;
  /** Unix time, seconds. */
  readonly time: number;
  /** Seconds. */
  readonly uptime: number;
  /** Bytes. */
  readonly memory: number;
  readonly plugins: readonly {
    readonly id: string;
    readonly category: string;
    readonly type: string;
    readonly records: number;
    readonly bytes: number;
    readonly failed: number;
    readonly pending: number;
    readonly queuedBytes: number | null;
    readonly queuedChunks: number | null;
    readonly retry: {
      readonly steps: number;
      readonly nextTime?: number;
      readonly reason?: string;
    } | null;
  }[];
  readonly servers: readonly {
    readonly plugin: string;
    readonly title: string;
    readonly protocol: string;
    readonly address: string;
    readonly open: number;
    readonly accepted: number;
    readonly refused: number;
    readonly bytesIn: number;
    readonly bytesOut: number;
  }[];
  readonly destinations: readonly {
    readonly plugin: string;
    readonly name: string;
    readonly address: string;
    readonly availableTo: number;
    readonly seenBy: number;
    readonly kept: number;
    readonly failures: number;
    readonly reason: string | null;
  }[];
  readonly shares?: readonly {
    readonly worker: number;
    readonly answers: boolean;
    readonly pid: number;
    readonly memory: number;
    readonly records: number;
    readonly pending: number;
    readonly open: number;
  }[];
  readonly unmatchedEvents: number;
  readonly failedEmits: number;
  readonly errorEvents: number;
  readonly warned: { readonly warn: number; readonly error: number };
  readonly warnings: readonly {
    /** Unix time, milliseconds. */
    readonly time: number;
    readonly level: string;
    readonly text: string;
    readonly plugin?: string;
    readonly fields?: Readonly<Record<string, string>>;
    readonly count: number;
  }[];
  readonly history: readonly { readonly records: number; readonly bytes: number }[];
}

/** The monitor cannot be asked, or is not one. */
export class MonitorError extends Error {
  readonly code = 'ERR_SLUICE_MONITOR';
  override readonly name = 'MonitorError';
}

/**
 * Asks a running agent's monitor_agent.
 *
 * @param url such as `http://127.0.0.1:24220`
 * @param signal gives the question up
 * @throws MonitorError with what is wrong, and what would mend it
 */
export async function fetchStatus(url: string, signal?: AbortSignal): Promise<AgentStatus> {
  const limit = AbortSignal.timeout(answerTimeout);
  let status: unknown;
  try {
    const both = signal === undefined ? limit : AbortSignal.any([limit, signal]);
    status = parsed(await read(new URL('/api/status.json', url), both));
  } catch (error) {
    const hint =
      (error as NodeJS.ErrnoException).code === 'ECONNREFUSED'
        ? 'nobody listens there; the agent needs a <source> with @type monitor_agent'
        : limit.aborted
          ? `no answer within ${answerTimeout / 1000} seconds`
          : (error as Error).message;
    throw new MonitorError(`${url}: ${hint}`, { cause: error });
  }
  if (!isStatus(status)) throw new MonitorError(`${url}: this is not a monitor_agent of Sluice`);
  return status;
}

// Not fetch, which refuses some ports, such as those of X11.
function read(url: URL, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { signal, agent: false }, (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on('data', (part: Buffer) => {
        parts.push(part);
        bytes += part.length;
        if (bytes > mostBytes) request.destroy(new Error('the answer is too long'));
      });
      response.on('end', () => resolve(Buffer.concat(parts).toString()));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isStatus(value: unknown): value is AgentStatus {
  const { plugins, servers, history } = (value ?? {}) as Partial<AgentStatus>;
  return Array.isArray(plugins) && Array.isArray(servers) && Array.isArray(history);
}
