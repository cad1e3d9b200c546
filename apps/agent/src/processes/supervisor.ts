import { complain } from '../complain.js';
import { createLog, type RootLog } from '@sluice/log';
import { Fleet } from './fleet.js';
import type { LaunchOptions } from './launch-options.js';
import type { AgentSettings } from './messages.js';
import { exitCode } from './exit-codes.js';
import { writePidFile } from './pid-file.js';
import type { RpcServer } from './rpc-server.js';
import { ServiceNotifier } from './sd-notify.js';
import { WorkerStartError, type WorkerProcess } from './worker-process.js';

/**
 * The primary process: it makes workers, and looks after them. It touches no events and reads no
 * configuration, so it lives on when a worker crashes; and it holds the listening sockets, so nobody
 * is refused while workers change.
 */
export class Supervisor {
  readonly #options: LaunchOptions;
  readonly #log: RootLog;
  readonly #notifier: ServiceNotifier;
  #fleet: Fleet | undefined;
  /** The workers of a new configuration that are not all ready. */
  #next: Fleet | undefined;
  /** Workers of old configurations that drain. */
  readonly #retired = new Map<Fleet, Promise<unknown>>();
  #rpc: { readonly key: string; readonly server: RpcServer } | undefined;
  #running = false;
  #reloading = false;
  #reloadAgain = false;
  #stopSignal: NodeJS.Signals | undefined;
  #askedToStop!: () => void;
  readonly #stopAsked: Promise<void>;

  constructor(options: LaunchOptions) {
    this.#options = options;
    this.#log = createLog(options.log);
    this.#notifier = new ServiceNotifier(this.#log);
    this.#stopAsked = new Promise((resolve) => (this.#askedToStop = resolve));
  }

  /**
   * Runs until {@link stop}.
   *
   * @param spare becomes the first worker
   * @returns the exit code; the reason of one that is not 0 is on standard error
   */
  async run(spare: WorkerProcess): Promise<number> {
    try {
      if (this.#options.pidFile !== undefined) writePidFile(this.#options.pidFile);
      this.#fleet = new Fleet(this.#settings(), this.#log);
      await this.#fleet.start(spare);
      await this.#serveCalls();
    } catch (error) {
      await this.#fleet?.kill();
      spare.kill();
      await spare.ended;
      if (this.#stopSignal !== undefined) return 0;
      complain(startFailure(error));
      return 1;
    }
    const stopWatchdog = this.#notifier.keepAlive(() => this.#allAnswer());
    this.#ready();
    await this.#stopAsked;
    this.#rpc?.server.close();
    const good = await this.#stopAll();
    stopWatchdog();
    return exitCode(good, this.#fleet.hasLost);
  }

  /** Lets all workers drain and end. */
  stop(signal: NodeJS.Signals): void {
    this.#stopSignal = signal;
    // What has not begun to work yet has nothing to drain.
    void this.#next?.kill();
    if (!this.#running) void this.#fleet?.kill();
    this.#askedToStop();
  }

  /** Ends all workers without draining. What is not acknowledged is sent again by its sender. */
  stopNow(signal: NodeJS.Signals): void {
    this.#log.warn({ signal }, `${signal} again: leaving at once`);
    for (const fleet of this.#fleets()) void fleet.kill();
  }

  /**
   * Reads the configuration again, starts workers with it beside the old ones, which share their
   * listening sockets, and lets the old ones drain as soon as all of the new ones listen. Where
   * anything is wrong the old ones just stay.
   */
  reload(signal: NodeJS.Signals): void {
    if (this.#stopSignal !== undefined) return;
    if (this.#reloading || !this.#running) this.#reloadAgain = true;
    else void this.#reload(signal);
  }

  flush(): void {
    for (const fleet of this.#fleets()) for (const process of fleet.processes) process.flush();
  }

  /** Serves calls over HTTP where the configuration wants it, and where it says so now. */
  async #serveCalls(): Promise<void> {
    const settings = this.#fleet?.read?.rpc;
    const key = JSON.stringify(settings);
    if (this.#rpc?.key === key) return;
    this.#rpc?.server.close();
    this.#rpc = undefined;
    if (settings === undefined) return;
    const { RpcServer } = await import('./rpc-server.js');
    const signal = (name: NodeJS.Signals): void => void process.kill(process.pid, name);
    this.#rpc = { key, server: await RpcServer.start(settings, { signal }) };
    const { host, port } = settings;
    this.#log.info({ host, rpcPort: port }, `calls over HTTP are served on ${host}:${port}`);
  }

  #fleets(): Fleet[] {
    return [this.#fleet, this.#next, ...this.#retired.keys()].filter(
      (fleet) => fleet !== undefined,
    );
  }

  #settings(): AgentSettings {
    const { log: { level, format } = {}, ...options } = this.#options;
    const { config, inlineConfig, workers, plugins, strict } = options;
    const log = { ...(level && { level }), ...(format && { format }) };
    return { config, inlineConfig, workers, plugins, strict, log };
  }

  #ready(): void {
    this.#running = true;
    const workers = this.#fleet!.size;
    this.#log.info({ pid: process.pid, workers }, 'sluice is running');
    this.#notifyReady();
    this.#options.onReady?.();
    if (this.#reloadAgain) this.reload('SIGHUP');
  }

  #notifyReady(): void {
    const workers = this.#fleet!.size;
    const status = workers === 1 ? 'running with 1 worker' : `running with ${workers} workers`;
    this.#notifier.notify({ READY: 1, STATUS: status });
  }

  async #reload(signal: NodeJS.Signals): Promise<void> {
    this.#reloading = true;
    this.#reloadAgain = false;
    this.#log.info({ signal }, `reloading the configuration on ${signal}`);
    this.#notifier.reloading();
    const failure = await this.#replaceFleet().then(
      () => undefined,
      (error: unknown) => startFailure(error),
    );
    this.#next = undefined;
    this.#reloading = false;
    if (this.#stopSignal !== undefined) return;
    if (failure !== undefined) {
      this.#log.error({ details: failure }, 'configuration not reloaded, the old one stays');
    }
    this.#notifyReady();
    if (this.#isReloadWanted()) void this.#reload(signal);
  }

  #isReloadWanted(): boolean {
    return this.#reloadAgain;
  }

  async #replaceFleet(): Promise<void> {
    const next = new Fleet(this.#settings(), this.#log);
    this.#next = next;
    await next.start();
    const old = this.#fleet!;
    this.#fleet = next;
    this.#log.info({ workers: next.size }, 'configuration reloaded');
    await this.#serveCalls().catch((error: unknown) => {
      this.#log.error({ err: error }, 'the calls of rpc_endpoint are not served');
    });
    const retired = old.stop().then(() => {
      this.#retired.delete(old);
      this.#log.info({}, 'the workers of the old configuration have ended');
    });
    this.#retired.set(old, retired);
  }

  async #stopAll(): Promise<boolean> {
    this.#running = false;
    this.#log.info({}, `stopping on ${this.#stopSignal}`);
    this.#notifier.notify({ STOPPING: 1, STATUS: 'draining' });
    const [failures] = await Promise.all([this.#fleet!.stop(), ...this.#retired.values()]);
    this.#log.info({}, 'stopped');
    return failures.length === 0;
  }

  /** A worker that hangs keeps the watchdog silent, and has the manager restart the service. */
  #allAnswer(): boolean {
    const silent = this.#fleet!.unresponsive();
    if (silent.length === 0) return true;
    this.#log.error({ silent }, `no sign of life from worker ${silent.join(', ')}`);
    return false;
  }
}

/** What is wrong, for people. @throws what is a bug of this program */
function startFailure(error: unknown): string {
  if (error instanceof WorkerStartError) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== undefined && !code.startsWith('ERR_')) return `sluice: ${message}`;
  throw error;
}
