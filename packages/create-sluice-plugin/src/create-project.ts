import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { filesOf } from './files.js';
import type { Kind, Language } from './choices.js';

/** A project to be made. */
export interface ProjectOptions {
  /** The type of the plugin, as a configuration names it: `my_input`, or `acme/my_input`. */
  readonly type: string;
  /** What the plugin does: receive, send, change, read or write events. */
  readonly kind: Kind;
  /** What its files are written in. */
  readonly language: Language;
  /** Folder in which the project gets a folder of its own. Default: the current one. */
  readonly in?: string;
}

/** A mistake of whoever asked. */
export class ProjectError extends Error {
  readonly code = 'ERR_SLUICE_CREATE';
  override readonly name = 'ProjectError';
}

/** The name of the package in which an agent looks for a type. */
function packageOf(type: string): string {
  const match = /^(?:@?([a-z0-9][a-z0-9._-]*)\/)?([a-z][a-z0-9_]*)$/.exec(type);
  if (match === null) {
    throw new ProjectError(
      `"${type}" cannot be the type of a plugin: expected a name such as my_input, or acme/my_input`,
    );
  }
  const [, scope, name] = match as unknown as [string, string | undefined, string];
  return scope === undefined ? `sluice-plugin-${name}` : `@${scope}/sluice-plugin-${name}`;
}

/**
 * Writes the project into a folder of its own.
 *
 * @returns the folder
 * @throws ProjectError for a name that cannot be, or a folder that has something in it
 */
export function createProject(options: ProjectOptions): string {
  const type = options.type.replace(/^@/, '');
  const name = packageOf(type);
  const folder = path.resolve(options.in ?? '.', path.basename(name));
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new ProjectError(`${folder} is there already, and not empty`);
  }
  const { kind, language } = options;
  const description = new URL('../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(description, 'utf8')) as { version: string };
  for (const [file, text] of filesOf({ type, name, kind, language, version })) {
    const place = path.join(folder, file);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, text);
  }
  return folder;
}
