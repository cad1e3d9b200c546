import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isAbsolute, resolve } from 'node:path';

/**
 * Where the files of a configuration come from. Whoever keeps the answers of one reading can read
 * the same configuration again later, whatever has happened to the files since.
 */
export interface ConfigFiles {
  /** The text of a file, which has to be UTF-8. @throws the system's error */
  read(path: string): string;
  /** The path without symbolic links, to recognise a file by. @throws the system's error */
  realPath(path: string): string;
  /**
   * The files that a path or glob of `@include` names, in the order of their names. A path without
   * wildcards names itself, whether it exists or not.
   */
  find(pattern: string, basePath: string): string[];
}

/** The files on the disk. */
export const diskFiles: ConfigFiles = {
  read: (path) => decodeUtf8(readFileSync(path)),
  realPath: (path) => realpathSync(path),
  find(pattern, basePath) {
    const full = isAbsolute(pattern) ? pattern : resolve(basePath, pattern);
    // A file whose very name has wildcards in it is meant itself.
    if (existsSync(full)) return [full];
    // Loaded here, since few configurations have a pattern.
    const library = createRequire(import.meta.url)('tinyglobby') as typeof import('tinyglobby');
    const { globSync, isDynamicPattern } = library;
    if (!isDynamicPattern(pattern)) return [full];
    // The folder may hold characters that mean something in a glob; only the pattern is one.
    const paths = globSync(pattern, {
      cwd: basePath,
      absolute: true,
      expandDirectories: false,
      onlyFiles: true,
    });
    return paths.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  },
};

/** Strict, because a broken name or password is better found here than at run time. */
function decodeUtf8(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}
