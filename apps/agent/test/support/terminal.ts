import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { bin } from './agent-process.js';

/** `sluice` in a terminal, through util-linux's `script`, with what it shows at the moment. */
export class Terminal {
  /** All that it has written. */
  output = '';
  readonly #waiting = new Set<() => void>();
  readonly #closed: Promise<[number | null]>;

  private constructor(readonly child: ChildProcess) {
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
      for (const check of this.#waiting) check();
    });
    child.stdin!.on('error', () => undefined);
    this.#closed = once(child, 'close') as Promise<[number | null]>;
    void this.#closed.then(() => {
      for (const check of this.#waiting) check();
    });
  }

  static start(args: string[], { columns = 100, rows = 30, cwd }: TerminalOptions = {}): Terminal {
    const command = [process.execPath, bin, ...args].map((arg) => `'${arg}'`).join(' ');
    const line = `stty cols ${columns} rows ${rows}; exec ${command}`;
    const child = spawn('script', ['-qfec', line, '/dev/null'], {
      cwd,
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, TERM: 'xterm-256color', SHELL: '/bin/sh' },
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    return new Terminal(child);
  }

  /** The lines that a person sees: the last painting. */
  get screen(): string[] {
    const last = this.output.split('\u001b[H').at(-1) ?? '';
    return last
      .replace(/\u001b\[[?\d;]*[A-Za-z]/g, '')
      .split('\r\n')
      .map((line) => line.trimEnd());
  }

  /** Waits until what is seen is as expected. */
  sees(expected: RegExp | ((screen: string[]) => boolean)): Promise<void> {
    const holds = (): boolean =>
      expected instanceof RegExp ? expected.test(this.screen.join('\n')) : expected(this.screen);
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (holds()) resolve();
        else if (this.child.exitCode !== null || this.child.signalCode !== null) {
          reject(new Error(`it ended, showing:\n${this.screen.join('\n')}`));
        } else return;
        this.#waiting.delete(check);
      };
      this.#waiting.add(check);
      check();
    });
  }

  type(keys: string): void {
    this.child.stdin!.write(keys);
  }

  /** Changes the size of the window; the kernel tells the process in it. */
  resize(columns: number, rows: number): void {
    execFileSync('stty', ['-F', this.#device(), 'cols', `${columns}`, 'rows', `${rows}`]);
  }

  /** Whether keys are read one by one and without an echo, as the terminal itself says. */
  isRaw(): boolean {
    return execFileSync('stty', ['-F', this.#device(), '-a'], { encoding: 'utf8' }).includes(
      '-icanon',
    );
  }

  /** @returns the exit code */
  async closed(): Promise<number | null> {
    return (await this.#closed)[0];
  }

  #device(): string {
    const { pid } = this.child;
    const [inside] = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' '),
    );
    return readlinkSync(`/proc/${inside}/fd/1`);
  }
}

interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly cwd?: string;
}
