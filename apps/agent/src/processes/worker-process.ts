import cluster, { type Worker } from 'node:cluster';
import { workerProgram } from '../own-package.js';
import type { ReadConfig } from './config-recording.js';
import { isToPrimary, type ToWorker, type WorkerSettings } from './messages.js';

/** How a worker process ended. */
export interface Ending {
  /** Undefined where a signal ended it. */
  readonly code: number | undefined;
  readonly signal: string | undefined;
}

/** A worker could not begin its work: a wrong configuration, a port in use, or it just ended. */
export class WorkerStartError extends Error {
  readonly code = 'ERR_SLUICE_WORKER_START';
  override readonly name = 'WorkerStartError';

  /** @param message is for people as it is: of a ConfigError, its text with line and caret */
  constructor(
    message: string,
    readonly workerId: number,
  ) {
    super(message);
  }
}

/** For people: `exit code 1`, `SIGKILL`. */
export function endingText({ code, signal }: Ending): string {
  return signal ?? `exit code ${code}`;
}

/**
 * The heap, buffers outside of it included, that a worker may fill before its first full garbage
 * collection, in MB. Received bytes are buffers that die young: with V8's own start value the first
 * second decides by luck whether they are freed by cheap collections or by full ones. Measured in
 * docs/decisions/worker-heap.md.
 */
const firstFullCollection = '--initial-old-space-size=64';

/** One process of the cluster, as the primary sees it. */
export class WorkerProcess {
  readonly pid: number | undefined;
  /** When its process was made: `performance.now()`. */
  readonly since = performance.now();
  readonly ended: Promise<Ending>;
  /** All of its plugins have started. */
  ready = false;
  /** The process is there. */
  alive = true;
  /** False while an answer to `ping` is missing. */
  responsive = true;
  readonly #worker: Worker;
  readonly #loaded: Promise<void>;
  #onRead: (read: ReadConfig) => void = () => undefined;
  #started: { resolve: () => void; fail: (text: string) => void } | undefined;

  /** Makes the process, which loads its code and waits for {@link run}. */
  constructor() {
    cluster.setupPrimary({
      exec: workerProgram,
      args: [],
      execArgv: [...process.execArgv, firstFullCollection],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const worker = cluster.fork();
    this.#worker = worker;
    this.pid = worker.process.pid;
    this.ended = new Promise((resolve) => {
      worker.on('exit', (code: number | null, signal: string | null) => {
        resolve({ code: code ?? undefined, signal: signal ?? undefined });
      });
      // A message to a worker that has just ended is an error too, which says nothing new; without
      // a process there is no exit to come.
      worker.on('error', () => {
        if (worker.process.pid === undefined) resolve({ code: 1, signal: undefined });
      });
    });
    void this.ended.then(() => (this.alive = false));
    this.#loaded = new Promise((resolve) => {
      worker.on('message', (message: unknown) => {
        if (!isToPrimary(message)) return;
        if (message.agent === 'loaded') resolve();
        else if (message.agent === 'read') this.#onRead(message.read);
        else if (message.agent === 'ready') this.#started?.resolve();
        else if (message.agent === 'failed') this.#started?.fail(message.text);
        else this.responsive = true;
      });
    });
  }

  /**
   * Starts its plugins.
   *
   * @param onRead called when it has read the configuration, where it is the one to do so
   * @returns resolves when all have started; rejects with WorkerStartError
   */
  async run(settings: WorkerSettings, onRead?: (read: ReadConfig) => void): Promise<void> {
    if (onRead !== undefined) this.#onRead = onRead;
    const { workerId } = settings;
    const started = new Promise<void>((resolve, reject) => {
      const fail = (text: string): void => reject(new WorkerStartError(text, workerId));
      this.#started = { resolve, fail };
      void this.ended.then((ending) => {
        fail(`worker ${workerId} ended before it was ready: ${endingText(ending)}`);
      });
    });
    started.catch(() => undefined);
    await Promise.race([this.#loaded, this.ended]);
    this.#send({ agent: 'run', settings });
    await started;
    this.ready = true;
  }

  flush(): void {
    this.#send({ agent: 'flush' });
  }

  /** Asks for a sign of life: `responsive` is false until it comes. */
  ping(): void {
    this.responsive = false;
    this.#send({ agent: 'ping' });
  }

  /**
   * Lets it drain and end; who has not ended after so many seconds is killed. One that is not
   * ready has acknowledged nothing, and is killed at once.
   *
   * @returns undefined where it had ended, or had not begun
   */
  async stop(seconds: number): Promise<(Ending & { killed: boolean }) | undefined> {
    if (!this.alive) return undefined;
    if (!this.ready) {
      this.kill();
      await this.ended;
      return undefined;
    }
    this.#send({ agent: 'stop' });
    let killed = false;
    const timer = setTimeout(() => {
      killed = true;
      this.kill();
    }, seconds * 1000);
    const ending = await this.ended;
    clearTimeout(timer);
    return { ...ending, killed };
  }

  kill(): void {
    this.#worker.process.kill('SIGKILL');
  }

  #send(message: ToWorker): void {
    if (!this.#worker.isConnected()) return;
    this.#worker.send(message, () => undefined); // what `ended` tells anyway
  }
}
