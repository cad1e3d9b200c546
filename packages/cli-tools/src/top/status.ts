import { get } from 'node:http';

/** Milliseconds to wait for an answer. */
const answerTimeout = 5000;
const mostBytes = 16 * 1024 * 1024;

/** What `/api/status.json` of monitor_agent says, as far as {@link topView} shows it. */
export interface AgentStatus {
  /** Of the agent. */
  readonly version: string;
  /** Process id of the agent; with workers that of their supervisor. */
  readonly pid: number;
  /** How many worker processes it has. */
  readonly workers: number;
  /** The worker that this is of; null: of all. */
  readonly worker: number | null;
  /** Unix time, seconds. */
  readonly time: number;
  /** Seconds. */
  readonly uptime: number;
  /** Bytes. */
  readonly memory: number;
  /** In the order of the configuration. */
  readonly plugins: readonly {
    /** `@id`, or the name that the agent has made. */
    readonly id: string;
    /** `input`, `filter` or `output`. */
    readonly category: string;
    /** `@type`. */
    readonly type: string;
    /** Events that went through since the start. */
    readonly records: number;
    /** Of packed events, since the start. */
    readonly bytes: number;
    /** Calls whose events were not kept. */
    readonly failed: number;
    /** Calls that are not settled yet. */
    readonly pending: number;
    /** Bytes that an output holds back; null where it holds nothing back. */
    readonly queuedBytes: number | null;
    /** Chunks that wait to be written; null where it has none. */
    readonly queuedChunks: number | null;
    /** What an output is repeating; null while nothing is. */
    readonly retry: {
      /** Failed attempts since the last success. */
      readonly steps: number;
      /** Unix time of the next attempt, seconds. */
      readonly nextTime?: number;
      /** Why the last attempt failed. */
      readonly reason?: string;
    } | null;
  }[];
  /** What the agent listens with. */
  readonly servers: readonly {
    /** Id of the plugin whose server it is. */
    readonly plugin: string;
    /** Its name in the log. */
    readonly title: string;
    /** `tcp`, `tls`, `udp` or `unix`. */
    readonly protocol: string;
    /** `host:port`, or the path of a Unix socket. */
    readonly address: string;
    /** Connections that are open now. */
    readonly open: number;
    /** Connections let in since the start. */
    readonly accepted: number;
    /** Connections turned away since the start. */
    readonly refused: number;
    /** Received since the start. */
    readonly bytesIn: number;
    /** Sent since the start. */
    readonly bytesOut: number;
  }[];
  /** The servers that outputs send to. */
  readonly destinations: readonly {
    /** Id of the output. */
    readonly plugin: string;
    /** Its name in the configuration. */
    readonly name: string;
    /** `host:port`, or what else names it. */
    readonly address: string;
    /** How many workers send to it now. */
    readonly availableTo: number;
    /** How many workers know it. */
    readonly seenBy: number;
    /** Chunks that it has taken since the start. */
    readonly kept: number;
    /** How often it was found to be down. */
    readonly failures: number;
    /** Why it is not available, or what failed last. */
    readonly reason: string | null;
  }[];
  /** What each worker does; absent where there is only one process. */
  readonly shares?: readonly {
    /** Its number, from 0. */
    readonly worker: number;
    /** Whether it has told its statistics in time. */
    readonly answers: boolean;
    /** Its process id. */
    readonly pid: number;
    /** Resident, bytes. */
    readonly memory: number;
    /** Events that came in since the start. */
    readonly records: number;
    /** Calls that are not settled yet. */
    readonly pending: number;
    /** Connections that are open now. */
    readonly open: number;
  }[];
  /** Events that no `<match>` took. */
  readonly unmatchedEvents: number;
  /** Streams of events that were not kept. */
  readonly failedEmits: number;
  /** Events that filters or parsers could not process. */
  readonly errorEvents: number;
  /** How many lines the log has had since the start, by level. */
  readonly warned: {
    /** Warnings. */
    readonly warn: number;
    /** Errors, and what is fatal. */
    readonly error: number;
  };
  /** The latest of them, newest first. */
  readonly warnings: readonly {
    /** Unix time, milliseconds. */
    readonly time: number;
    /** `warn` or `error`. */
    readonly level: string;
    /** The line, without time and level. */
    readonly text: string;
    /** Id of the plugin; absent where the agent itself says it. */
    readonly plugin?: string;
    /** What names the cause: peer, reason, tag and so on. */
    readonly fields?: Readonly<Record<string, string>>;
    /** How often in a row. */
    readonly count: number;
  }[];
  /** The last two minutes, second by second, oldest first. */
  readonly history: readonly {
    /** Events in that second. */
    readonly records: number;
    /** Bytes of packed events in that second. */
    readonly bytes: number;
  }[];
}

/** The monitor cannot be asked, or is not one. */
export class MonitorError extends Error {
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_MONITOR';
  /** What a stack trace begins with. */
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
