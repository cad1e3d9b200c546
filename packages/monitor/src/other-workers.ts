import { Agent, get } from 'node:http';
import type { Logger } from '@sluice/server';

export interface OtherWorkersOptions {
  /** The port of worker 0; worker N has this port + N. */
  readonly port: number;
  /** The address that all of them listen on. */
  readonly bind: string;
  readonly log: Logger;
}

/** Milliseconds that a worker has to answer. */
const timeout = 1000;
/** The most bytes of an answer. */
const longestAnswer = 32 * 1024 * 1024;

/** Asks the monitors of the other workers, each on its own port. */
export class OtherWorkers {
  readonly #options: OtherWorkersOptions;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 });
  readonly #silent = new Set<number>();

  constructor(options: OtherWorkersOptions) {
    this.#options = options;
  }

  /**
   * What a worker answers about itself.
   *
   * @param url path and query of the request
   * @returns undefined where it does not answer in time, or not with 200
   */
  async ask(worker: number, url: URL): Promise<string | undefined> {
    const query = new URLSearchParams(url.searchParams);
    query.set('worker', String(worker));
    try {
      const text = await this.#get(worker, `${url.pathname}?${query.toString()}`);
      this.#silent.delete(worker);
      return text;
    } catch (error) {
      if (!this.#silent.has(worker)) {
        this.#silent.add(worker);
        const reason = (error as Error).message;
        this.#options.log.warn({ reason }, `the monitor of worker ${worker} does not answer`);
      }
      return undefined;
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #get(worker: number, path: string): Promise<string> {
    const { port, bind } = this.#options;
    return new Promise((resolve, reject) => {
      const request = get(
        {
          host: reachable(bind),
          port: port + worker,
          path,
          agent: this.#agent,
          signal: AbortSignal.timeout(timeout),
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (part: string) => {
            text += part;
            if (text.length > longestAnswer) request.destroy(new Error('the answer is too long'));
          });
          response.on('error', reject);
          response.on('end', () => {
            if (response.statusCode === 200) resolve(text);
            else reject(new Error(`status ${response.statusCode}`));
          });
        },
      );
      request.on('error', reject);
    });
  }
}

/** What this machine reaches a listener at. */
function reachable(bind: string): string {
  if (bind === '0.0.0.0' || bind === '') return '127.0.0.1';
  return bind === '::' ? '::1' : bind;
}
