import { ConfigError, errorInFile } from '@sluice/config';
import { LifecycleError } from '../lifecycle.js';
import type { MadePlugin } from './plugin-maker.js';

/** Which parameters an error of a socket or a file may be about, the likeliest first. */
const paramsOfCode: Readonly<Record<string, readonly string[]>> = {
  EADDRINUSE: ['unix_path', 'port', 'bind'],
  EADDRNOTAVAIL: ['bind', 'port'],
  ENOTFOUND: ['bind', 'host'],
  EACCES: ['unix_path', 'path', 'port', 'bind'],
  ENOENT: ['unix_path', 'path'],
  ENOTDIR: ['unix_path', 'path'],
  EROFS: ['unix_path', 'path'],
};

/** The error of a plugin that could not be started, with its place in the configuration. */
export function startError(
  error: LifecycleError,
  made: readonly MadePlugin[],
): ConfigError | LifecycleError {
  const found = made.find(({ plugin }) => plugin.id === error.pluginId);
  if (found === undefined) return error;
  const { element, section } = found;
  const cause = rootOf(error);
  if (cause instanceof ConfigError || 'option' in cause) {
    return errorInFile(cause, section, element);
  }
  const candidates = paramsOfCode[(cause as NodeJS.ErrnoException).code ?? ''] ?? [];
  const places = [element, ...element.elements];
  for (const param of candidates) {
    const place = places.find(({ params }) => params.has(param));
    if (place !== undefined) return place.error(cause.message, { param, cause: error });
  }
  return element.error(`plugin ${error.pluginId} failed in ${error.phase}: ${cause.message}`, {
    cause: error,
  });
}

/** What the plugin itself threw. */
function rootOf(error: LifecycleError): Error {
  let found: Error = error;
  while (found instanceof LifecycleError && found.cause instanceof Error) found = found.cause;
  return found;
}
