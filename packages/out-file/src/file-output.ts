import { setMaxListeners } from 'node:events';
import type { ConfigElement, ConfigError } from '@sluice/config';
import type { EventStream } from '@sluice/event-stream';
import { createInjector, type Injector } from '@sluice/formats';
import {
  allKept,
  Budget,
  defineOutput,
  formatterOf,
  KEPT,
  Output,
  type ChunkInfo,
  type Formatter,
  type Keeping,
  type OutputContext,
  type PluginStatistics,
} from '@sluice/plugin';
import { bufferBefore } from './buffer-before.js';
import { filePaths, type FilePaths } from './file-paths.js';
import { fileSection, type FileConfig } from './file-section.js';
import { FileSet } from './file-set.js';
import type { FileCounters } from './log-file.js';
import type { Fill } from './page-writer.js';
import type { FileName, Slice } from './path-template.js';
import { splitByTime } from './split-by-time.js';
import { pointSymlink } from './symlink.js';
import { gzipTail, lineTail, msgpackTail, type TailRule } from './tail.js';
import { makeFolder } from './make-folder.js';
import { pathProblems } from './path-problems.js';

/** Thrown when so much waits to be written that no more is taken. */
export class FileOverflowError extends Error {
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_FILE_OVERFLOW';
  /** What a stack trace begins with. */
  override readonly name = 'FileOverflowError';

  constructor(
    /** Id of the output. */
    readonly plugin: string,
    /** `total_limit_size`, bytes. */
    readonly limit: number,
  ) {
    super(`${plugin}: more than total_limit_size ${limit} bytes wait to be written`);
  }
}

const tails: Readonly<Record<Formatter['framing'], TailRule | undefined>> = {
  lines: lineTail,
  msgpack: msgpackTail,
  none: undefined,
};

class FileOutput extends Output {
  readonly #config: FileConfig;
  readonly #paths: FilePaths;
  readonly #formatter: Formatter;
  readonly #injector: Injector | undefined;
  readonly #files: FileSet;
  readonly #counters: FileCounters = {
    writes: 0,
    writtenBytes: 0,
    retries: 0,
    failing: 0,
    failedWrites: 0,
    rotations: 0,
    repairs: 0,
    repairedBytes: 0,
  };
  readonly #stopping = new AbortController();
  #events = 0;
  /** What waits to be written. */
  readonly #waiting: Budget;
  #refused = 0;
  #overflowing = false;
  /** The symbolic link made last, and the time of the file that it leads to. */
  #lastLink = '';
  #newest = -Infinity;

  constructor(context: OutputContext, config: FileConfig, element: ConfigElement) {
    super(context);
    this.#config = config;
    this.#waiting = new Budget({ limit: config.totalLimitSize });
    const buffer = bufferBefore(element);
    this.#paths = filePaths(config, element, context, buffer);
    this.#formatter = formatterOf(context, element, 'out_file');
    this.#injector = createInjector(element, this.workerId, context.log);
    const compress = config.compress !== 'text';
    if (config.rotateAge !== undefined && !config.append && this.workers > 1) {
      if (!config.path.includes('${worker_id}')) throw numberedTogether(element);
    }
    const { append, writeInterval, rotateSize, rotateAge } = config;
    // What was on the disk in a file buffer is to be there after it has left that, too.
    const fsync = config.fsync ?? storesFiles(buffer);
    setMaxListeners(0, this.#stopping.signal);
    this.#files = new FileSet(
      {
        log: this.log,
        counters: this.#counters,
        stopping: this.#stopping.signal,
        shared: this.workers > 1,
        append,
        filePerWrite: !append && buffer !== undefined,
        compress,
        fsync,
        writeInterval,
        rotateSize,
        rotateAge,
        tail: compress ? gzipTail : tails[this.#formatter.framing],
        fileMode: config.filePermission,
        folderMode: config.dirPermission,
        onOpen: (name, opened) => this.#link(name, opened),
      },
      config.maxOpenFiles,
    );
  }

  /** Opens the file, or where its name is not known yet makes the folder: a mistake shows at once. */
  override async start(): Promise<void> {
    const { files } = this.#paths;
    if (!files.tagged && !files.timed && this.#config.append) {
      await this.#files.open(this.#linked('', files.slice('', 0)));
    } else {
      await makeFolder(files.fixedFolder, this.#config.dirPermission);
    }
  }

  write(tag: string, stream: EventStream, chunk?: ChunkInfo): Keeping {
    if (stream.count === 0) return KEPT;
    const { files } = this.#paths;
    const timekey = chunk?.metadata.timekey;
    if (!files.timed || timekey !== undefined) {
      const slice = files.slice(tag, timekey ?? 0, chunk);
      return this.#writePart(tag, slice, stream, chunk);
    }
    const parts = splitByTime(stream, (seconds) => files.slice(tag, seconds, chunk));
    if (parts.length === 1) return this.#writePart(tag, parts[0].slice, stream, chunk);
    return allKept(parts.map((part) => this.#writePart(tag, part.slice, part.stream, chunk)));
  }

  override statistics(): PluginStatistics {
    const {
      writes,
      writtenBytes,
      retries,
      failing,
      failedWrites,
      rotations,
      repairs,
      repairedBytes,
    } = this.#counters;
    return {
      queue: { bytes: this.#waiting.bytes, limit: this.#waiting.limit },
      counters: {
        events: this.#events,
        writes,
        written_bytes: writtenBytes,
        retries,
        failed_writes: failedWrites,
        refused_writes: this.#refused,
        rotations,
        repairs,
        repaired_bytes: repairedBytes,
      },
      gauges: { open_files: this.#files.openFiles, failing_files: failing },
    };
  }

  override flush(): Promise<void> {
    this.#files.flush();
    return this.#files.idle();
  }

  // A full disk must not keep the process from ending: from here on one attempt is all.
  override stop(): void {
    this.#stopping.abort();
    this.#files.flush();
  }

  override afterShutdown(): Promise<void> {
    return this.#files.idle();
  }

  override close(): Promise<void> {
    return this.#files.close();
  }

  #writePart(
    tag: string,
    slice: Slice,
    stream: EventStream,
    chunk: ChunkInfo | undefined,
  ): Promise<void> {
    const events = this.#injector?.apply(tag, stream) ?? stream;
    let bytes = 0;
    const fill: Fill = (target, offset) => {
      const end = this.#formatter.formatInto(tag, events, target, offset);
      if (end < 0) return end;
      const size = end - offset;
      if (!this.#waiting.tryTake(size)) throw this.#refuse();
      bytes = size;
      return end;
    };
    const written = this.#files.append(this.#linked(tag, slice, chunk), slice.path, fill);
    // Not finally(), whose promise would be one more to watch.
    written.then(
      () => {
        this.#waiting.release(bytes);
        this.#events += stream.count;
        this.#overflowing = false;
      },
      () => {
        this.#waiting.release(bytes);
      },
    );
    return written;
  }

  #refuse(): FileOverflowError {
    const error = new FileOverflowError(this.id, this.#waiting.limit);
    this.#refused += 1;
    if (!this.#overflowing) {
      this.#overflowing = true;
      this.log.warn({ reason: error.message }, 'events are refused until others are written');
    }
    return error;
  }

  #linked(tag: string, slice: Slice, chunk?: ChunkInfo): FileName {
    const { symlink } = this.#paths;
    if (symlink === undefined) return slice;
    const { path: link } = symlink.slice(tag, Math.max(slice.from, 0), chunk);
    return { ...slice, link };
  }

  /** An event that comes late opens an old file: the link stays with the newest. */
  async #link({ link, from = -Infinity }: FileName, opened: string): Promise<void> {
    if (link === undefined) return;
    if (link === this.#lastLink && from < this.#newest) return;
    this.#lastLink = link;
    this.#newest = from;
    try {
      await pointSymlink(link, opened, this.#config.symlinkPathUseRelative);
    } catch (error) {
      // The events are safe without it.
      this.log.warn(
        { path: link, reason: (error as Error).message },
        `cannot make the link ${link}`,
      );
    }
  }
}

function storesFiles(buffer: ConfigElement | undefined): boolean {
  return buffer?.type === 'file' || buffer?.type === 'file_single';
}

/** With append false the newest files are those being written, by whichever worker. */
function numberedTogether(element: ConfigElement): ConfigError {
  return element.error('rotate_age with append false would remove files of other workers', {
    param: 'rotate_age',
    hint: 'put ${worker_id} into the path',
  });
}

/** `@type file`. Fluentd: `out_file`. */
export const fileOutput = defineOutput({
  type: 'file',
  description: 'Appends events to files; paths may have placeholders for the time and the tag.',
  section: fileSection,
  oldParameters: {
    buffer: { chunkKeys: 'time' },
    format: true,
    inject: true,
    keep: ['time_slice_format'],
  },
  bufferOf: bufferBefore,
  create: (config, context, element) => new FileOutput(context, config, element),
  startProblems: (config, _context, element) => pathProblems(config.path, element),
});
