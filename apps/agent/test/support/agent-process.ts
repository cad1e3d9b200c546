import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

export const bin = path.join(import.meta.dirname, '../../bin/sluice.js');
const embedding = path.join(import.meta.dirname, '../fixtures/embedding.mjs');

/** A folder that goes with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-agent-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Runs `sluice` until it ends by itself. */
export async function sluice(args: string[], input = '', cwd?: string): Promise<Finished> {
  const child = spawn(process.execPath, [bin, ...args], { cwd, stdio: 'pipe' });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined); // it may have ended without reading
  child.stdin.end(input);
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, stdout, stderr };
}

type LogEntry = Record<string, unknown> & { msg: string };

/** A running agent, seen from outside: its log, its standard output, its exit. */
export class AgentProcess {
  readonly log: LogEntry[] = [];
  stdout = '';
  readonly #waiting = new Set<() => void>();
  readonly #closed: Promise<[number | null, NodeJS.Signals | null]>;

  private constructor(
    readonly child: ChildProcess,
    readonly folder: string,
  ) {
    createInterface({ input: child.stderr! }).on('line', (line) => {
      try {
        this.log.push(JSON.parse(line) as LogEntry);
      } catch {
        this.log.push({ msg: line });
      }
      for (const check of this.#waiting) check();
    });
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      for (const check of this.#waiting) check();
    });
    this.#closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
    void this.#closed.then(() => {
      for (const check of this.#waiting) check();
    });
  }

  /**
   * Starts the agent and waits until it runs, or has logged something else. `$FOLDER` in the configuration is a folder of this
   * test.
   */
  static async start(
    configuration: string,
    folder = temporaryFolder(),
    {
      args = [],
      env = {},
      until = 'sluice is running',
    }: { args?: string[]; env?: Record<string, string>; until?: string } = {},
  ): Promise<AgentProcess> {
    const file = path.join(folder, 'sluice.conf');
    writeFileSync(file, configuration.replaceAll('$FOLDER', folder));
    const child = spawn(process.execPath, [bin, '-c', file, '--log-format', 'json', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const agent = new AgentProcess(child, folder);
    await agent.logged((entry) => entry.msg === until);
    return agent;
  }

  /**
   * Starts a program that runs the agent by `runAgent`, and waits until it runs.
   *
   * @param plugin a module, or a folder of them
   * @param workers 0: in the program's own process
   */
  static async embedded(
    configuration: string,
    folder: string,
    plugin: string,
    workers: number,
  ): Promise<AgentProcess> {
    const file = path.join(folder, 'sluice.conf');
    writeFileSync(file, configuration);
    const child = fork(embedding, [file, plugin, String(workers)], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: [],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const agent = new AgentProcess(child, folder);
    const ready = once(child, 'message');
    await Promise.race([ready, agent.#closed.then(() => agent.until(() => false, 'it ran'))]);
    return agent;
  }

  /** Asks a program that embeds the agent to reload it or to stop it. @returns its answer */
  async ask(what: 'reload' | 'stop'): Promise<unknown> {
    const answered = once(this.child, 'message') as Promise<[unknown]>;
    this.child.send(what);
    return (await answered)[0];
  }

  /** Changes the configuration file, and says so. Resolves when that has had its effect. */
  async reload(configuration: string, signal: NodeJS.Signals): Promise<LogEntry> {
    const before = this.log.length;
    const file = path.join(this.folder, 'sluice.conf');
    writeFileSync(file, configuration.replaceAll('$FOLDER', this.folder));
    this.child.kill(signal);
    const done = (entry: LogEntry): boolean => /configuration (not )?reloaded/.test(entry.msg);
    await this.until(() => this.log.slice(before).some(done), 'it had reloaded');
    return this.log.slice(before).find(done)!;
  }

  /** Numbers of the worker processes that are there, from the kernel. */
  workerPids(): number[] {
    const { pid } = this.child;
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .split(' ')
      .filter((text) => text !== '')
      .map(Number);
  }

  /** Resolves when `condition` holds; checked whenever the process has said something. */
  until(condition: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (condition()) resolve();
        else if (this.child.exitCode !== null || this.child.signalCode !== null) {
          reject(new Error(`the agent ended before ${what}: ${JSON.stringify(this.log)}`));
        } else return;
        this.#waiting.delete(check);
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** The first entry of the log for which `matches` holds, now or later. */
  async logged(matches: (entry: LogEntry) => boolean): Promise<LogEntry> {
    await this.until(() => this.log.some(matches), 'it logged what was expected');
    return this.log.find(matches)!;
  }

  /** The port that the (first) forward input listens on. */
  get port(): number {
    const entry = this.log.find((e) => typeof e.port === 'number' && e.msg.startsWith('listening'));
    if (entry === undefined) throw new Error(`no listening line in ${JSON.stringify(this.log)}`);
    return entry.port as number;
  }

  /** Sends the signal and waits for the end. @returns the exit code */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    return (await this.#closed)[0];
  }

  /** The lines of a file in the test's folder, parsed as JSON. */
  jsonLines(file: string): Record<string, unknown>[] {
    return readFileSync(path.join(this.folder, file), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}
