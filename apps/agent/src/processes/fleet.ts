import type { RootLog } from '@sluice/log';
import type { ReadConfig } from './config-recording.js';
import type { AgentSettings, WorkerSettings } from './messages.js';
import { lostExit } from './exit-codes.js';
import { endingText, WorkerProcess, WorkerStartError, type Ending } from './worker-process.js';

/** Seconds that a worker has to drain before it is killed. */
export const drainLimit = 60;
/** A worker that has lived so many seconds is replaced at once; the delay starts over. */
const steadyAfter = 10;
/** The first delay in seconds, which doubles with every crash after a short life. */
const firstDelay = 0.25;
const longestDelay = 30;

/** Seconds before the next attempt, after so many crashes in short order. */
export function restartDelay(crashes: number): number {
  return crashes <= 1 ? 0 : Math.min(firstDelay * 2 ** (crashes - 2), longestDelay);
}

interface Slot {
  process: WorkerProcess;
  crashes: number;
  timer?: NodeJS.Timeout;
}

/** The workers of one configuration, each replaced when it ends by itself. */
export class Fleet {
  readonly #slots: Slot[] = [];
  #read: ReadConfig | undefined;
  #stopping = false;

  constructor(
    readonly settings: AgentSettings,
    readonly log: RootLog,
  ) {}

  /** Whether the stop of a worker has lost buffered events. */
  hasLost = false;
  /** How many have been replaced. */
  restarts = 0;

  get processes(): WorkerProcess[] {
    return this.#slots.map((slot) => slot.process);
  }

  /** What the first worker has read of the configuration. */
  get read(): ReadConfig | undefined {
    return this.#read;
  }

  /** How many workers there are. */
  get size(): number {
    return this.#slots.length;
  }

  /**
   * Starts all workers. The first one reads the configuration for all: whoever takes the place of
   * one that crashes must run what the others run, even while somebody edits the files.
   *
   * @param spare a process that was made beforehand
   * @returns resolves when all are ready; rejects with the first WorkerStartError, after which
   *   none of them is left
   */
  async start(spare?: WorkerProcess): Promise<void> {
    const starting: Promise<void>[] = [];
    try {
      await new Promise<void>((resolve, reject) => {
        const others = (read: ReadConfig): void => {
          this.#read = read;
          this.log.change({ ...read.log, ...this.settings.log });
          if (this.#stopping) return;
          for (let id = 1; id < read.workers; id += 1) starting.push(this.#add(id));
          Promise.all(starting).then(() => resolve(), reject);
        };
        starting.push(this.#add(0, spare, others));
        starting[0].catch(reject);
      });
    } catch (error) {
      await this.kill();
      await Promise.allSettled(starting);
      throw error;
    }
    for (const [id, slot] of this.#slots.entries()) this.#watch(id, slot, slot.process);
  }

  /** Numbers of the workers that have not answered since they were last asked here. */
  unresponsive(): number[] {
    const silent: number[] = [];
    for (const [id, { process }] of this.#slots.entries()) {
      if (!process.alive || !process.ready) continue;
      if (!process.responsive) silent.push(id);
      process.ping();
    }
    return silent;
  }

  /** Drains and ends all workers. @returns those that did not end well, in words; logged already */
  async stop(): Promise<string[]> {
    this.#end();
    const endings = await Promise.all(
      this.#slots.map(async ({ process }, id) => this.#notWell(id, await process.stop(drainLimit))),
    );
    return endings.filter((text) => text !== undefined);
  }

  /** Ends all workers at once. */
  async kill(): Promise<void> {
    this.#end();
    for (const { process } of this.#slots) process.kill();
    await Promise.all(this.#slots.map(({ process }) => process.ended));
  }

  #add(
    id: number,
    process = new WorkerProcess(),
    onRead?: (read: ReadConfig) => void,
  ): Promise<void> {
    this.#slots.push({ process, crashes: 0 });
    return process.run(this.#settingsOf(id), onRead);
  }

  #end(): void {
    this.#stopping = true;
    for (const slot of this.#slots) clearTimeout(slot.timer);
  }

  #notWell(id: number, ending?: Ending & { killed: boolean }): string | undefined {
    if (ending === undefined || ending.code === 0) return undefined;
    const lost = ending.code === lostExit;
    if (lost) this.hasLost = true;
    const text = lost
      ? `worker ${id} has lost buffered events`
      : ending.killed
        ? `worker ${id} did not stop within ${drainLimit} seconds and was killed`
        : `worker ${id} did not stop cleanly: ${endingText(ending)}`;
    this.log.error({ ...ending }, text);
    return text;
  }

  #settingsOf(workerId: number): WorkerSettings {
    return { ...this.settings, workerId, read: this.#read };
  }

  #watch(id: number, slot: Slot, process: WorkerProcess): void {
    void process.ended.then((ending) => {
      if (this.#stopping) return;
      const lived = (performance.now() - process.since) / 1000;
      if (lived >= steadyAfter) slot.crashes = 0;
      const fields = { pid: process.pid, ...ending, lived: Math.round(lived) };
      if (ending.code === 0)
        this.log.warn(fields, `worker ${id} stopped by itself: ${why(ending)}`);
      else this.log.error(fields, `worker ${id} ended unexpectedly: ${why(ending)}`);
      this.#replace(id, slot);
    });
  }

  #replace(id: number, slot: Slot): void {
    slot.crashes += 1;
    const delay = restartDelay(slot.crashes);
    if (delay > 0) this.log.warn({ delay }, `worker ${id} is started again in ${delay} seconds`);
    slot.timer = setTimeout(() => void this.#restart(id, slot), delay * 1000);
  }

  async #restart(id: number, slot: Slot): Promise<void> {
    this.restarts += 1;
    const process = new WorkerProcess();
    slot.process = process;
    try {
      await process.run(this.#settingsOf(id));
    } catch (error) {
      process.kill();
      await process.ended;
      if (this.#stopping) return;
      if (!(error instanceof WorkerStartError)) throw error;
      this.log.error({}, `worker ${id} could not be started: ${error.message}`);
      this.#replace(id, slot);
      return;
    }
    this.log.info({ pid: process.pid }, `worker ${id} was replaced`);
    this.#watch(id, slot, process);
  }
}

function why(ending: Ending): string {
  const text = endingText(ending);
  if (ending.signal === 'SIGKILL')
    return `${text} (by an operator, or by the kernel: out of memory)`;
  if (ending.code === 0) return `${text} (somebody sent it SIGTERM)`;
  return text;
}
