import { watch, watchFile, unwatchFile, type FSWatcher } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { defineSection, t } from '@sluice/config';
import {
  ServiceDiscovery,
  defineServiceDiscovery,
  type PluginContext,
  type Service,
} from '@sluice/plugin';
import { readServices } from './read-services.js';

/** Milliseconds of quiet before a changed file is read: it may be written in several steps. */
const QUIET = 100;
/** Milliseconds between looks, for what the kernel does not report, such as network file systems. */
const POLL = 5000;

const section = defineSection({
  name: 'service_discovery',
  description: 'The servers that a file lists. The file is read again when it changes.',
  params: {
    path: t.string().describe('The file: a list in YAML or JSON, with host, port and so on'),
  },
});

class FileServiceDiscovery extends ServiceDiscovery {
  readonly #path: string;
  #services: readonly Service[] = [];
  #text = '';
  #watcher: FSWatcher | undefined;
  #quiet: NodeJS.Timeout | undefined;
  #closed = false;
  readonly #look = (): void => {
    clearTimeout(this.#quiet);
    if (!this.#closed) this.#quiet = setTimeout(() => void this.#readAgain(), QUIET);
  };

  constructor(context: PluginContext, file: string) {
    super(context);
    this.#path = path.resolve(file);
  }

  services(): readonly Service[] {
    return this.#services;
  }

  override async start(): Promise<void> {
    // Before the first read, so that no change is missed. The folder, as files are mostly replaced.
    watchFile(this.#path, { interval: POLL, persistent: false }, this.#look);
    try {
      this.#watcher = watch(path.dirname(this.#path), this.#look);
      this.#watcher.on('error', (error) => {
        this.log.debug({ path: this.#path, err: error }, 'cannot watch the folder');
        this.#watcher?.close();
      });
    } catch (error) {
      this.log.debug({ path: this.#path, err: error }, 'cannot watch the folder');
    }
    try {
      this.#text = await readFile(this.#path, 'utf8');
      this.#services = readServices(this.#text);
    } catch (error) {
      this.close();
      throw new Error(`${this.#path}: ${(error as Error).message}`, { cause: error });
    }
  }

  override close(): void {
    this.#closed = true;
    clearTimeout(this.#quiet);
    unwatchFile(this.#path, this.#look);
    this.#watcher?.close();
  }

  async #readAgain(): Promise<void> {
    const file = this.#path;
    try {
      const text = await readFile(file, 'utf8');
      if (this.#closed || text === this.#text) return;
      this.#text = text;
      this.#services = readServices(text);
    } catch (error) {
      const reason = (error as Error).message;
      this.log.error({ path: file, reason }, `${file}: ${reason}; the servers stay as they were`);
      return;
    }
    this.log.info({ path: file, servers: this.#services.length }, `${file} has been read again`);
    this.changed();
  }
}

/** `<service_discovery> @type file`. Fluentd: `sd_file`. */
export const fileServiceDiscovery = defineServiceDiscovery({
  type: 'file',
  description: 'Servers from a file in YAML or JSON, which is read again when it changes.',
  section,
  create: (config, context) => new FileServiceDiscovery(context, config.path),
});
