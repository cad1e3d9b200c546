import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConfigFiles } from './config-files.js';
import { ConfigError } from './config-error.js';
import { SourceText, type Location } from './source-text.js';

/** The most files that one configuration may include, counting a file each time it is included. */
const MAX_INCLUDES = 10_000;

/** Finds and reads the files of `@include` and `!include`, and refuses loops. */
export class Includes {
  /** The files being read, outermost first, by their real paths. */
  readonly #open: string[] = [];
  #count = 0;

  constructor(readonly files: ConfigFiles) {}

  /**
   * Calls `read` with each file that a path or glob names, in the order of their names. A path
   * without wildcards has to exist; a glob may match nothing.
   */
  each(pattern: string, at: Location, basePath: string, read: (source: SourceText) => void): void {
    for (const path of this.#find(pattern, at, basePath)) {
      if (++this.#count > MAX_INCLUDES) {
        throw includeError(`more than ${MAX_INCLUDES} files are included`, at);
      }
      this.enter(path, at, () => read(this.#read(path, at)));
    }
  }

  /** Runs `body` while `path` counts as being read. */
  enter(path: string, at: Location | undefined, body: () => void): void {
    let real: string;
    try {
      real = this.files.realPath(path);
    } catch (cause) {
      throw includeError(`cannot include ${path}: ${reasonOf(cause)}`, at, undefined, cause);
    }
    const loop = this.#open.indexOf(real);
    if (loop !== -1) {
      const chain = [...this.#open.slice(loop), real].join(' -> ');
      throw includeError(
        `${path} includes itself: ${chain}`,
        at,
        'remove one of these @include lines',
      );
    }
    this.#open.push(real);
    try {
      body();
    } finally {
      this.#open.pop();
    }
  }

  #find(pattern: string, at: Location, basePath: string): string[] {
    const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]+):/.exec(pattern)?.[1]?.toLowerCase();
    if (scheme === 'file') return this.files.find(pathOfFileUrl(pattern, at), basePath);
    if (scheme !== undefined && pattern.startsWith('//', scheme.length + 1)) {
      throw includeError(
        `cannot include the URL ${withoutCredentials(pattern)}: only files can be included`,
        at,
        'download it at deployment, and include the file',
      );
    }
    return this.files.find(pattern, basePath);
  }

  #read(path: string, at: Location): SourceText {
    try {
      return new SourceText(path, this.files.read(path));
    } catch (cause) {
      throw includeError(`cannot include ${path}: ${reasonOf(cause)}`, at, undefined, cause);
    }
  }
}

/** The folder that relative paths in `file` start from. */
export function basePathOf(file: string): string {
  return dirname(resolve(file));
}

/** A short reason for people, out of a file system's or decoder's error. */
export function reasonOf(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  switch (code) {
    case 'ENOENT':
      return 'no such file';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a folder, not a file';
    case 'ELOOP':
      return 'too many symbolic links';
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return 'it is not valid UTF-8';
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}

function pathOfFileUrl(pattern: string, at: Location): string {
  const rest = pattern.slice('file:'.length);
  try {
    // Wildcards are not characters of a URL's path, but people write them; only %xx is decoded.
    if (!rest.startsWith('//')) return decodeURIComponent(rest);
    return /[*?[\]{}#]/.test(rest)
      ? decodeURIComponent(rest.replace(/^\/\/[^/]*/, ''))
      : fileURLToPath(pattern);
  } catch (cause) {
    throw includeError(
      `cannot include ${pattern}: it is not a valid file: URL`,
      at,
      undefined,
      cause,
    );
  }
}

function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}

function includeError(message: string, at?: Location, hint?: string, cause?: unknown): ConfigError {
  return new ConfigError(message, {
    code: 'ERR_SLUICE_CONFIG_INCLUDE',
    location: at,
    hint,
    cause,
  });
}
