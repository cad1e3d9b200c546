import module from 'node:module';
import { pathToFileURL } from 'node:url';

let registered = false;

/** The parameter in the URL of a module that says with which reload it was imported. */
export const reloadParam = 'sluice-reload';

/**
 * Has Node resolve what plugins import in two ways of our own.
 *
 * A plugin file that lies anywhere can import `@sluice/*`: where the packages are not installed beside
 * it, those of the host are taken. What is installed beside it comes first. `require` of a CommonJS file
 * is served from Node 22.15 on, which has hooks for it.
 *
 * What a module of a reload imports by a relative path is of that reload too: so all files of a plugin
 * are read anew, and packages, of which the host has the same, are not.
 */
export function installModuleHooks(): void {
  if (registered) return;
  registered = true;
  const { registerHooks } = module as unknown as { registerHooks?: (hooks: Hooks) => void };
  if (registerHooks !== undefined) registerHooks({ resolve });
  else module.register(new URL(hooks), { data: { host: import.meta.url } });
}

interface Context {
  readonly conditions: readonly string[];
  readonly parentURL?: string | undefined;
}
type Next = (specifier: string, context?: Context) => Resolved;
interface Resolved {
  readonly url: string;
}
interface Hooks {
  readonly resolve: (specifier: string, context: Context, next: Next) => Resolved;
}

const ofHost = module.createRequire(import.meta.url);

function resolve(specifier: string, context: Context, next: Next): Resolved {
  try {
    return ofSameReload(specifier, context.parentURL, next(specifier, context));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const missing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
    if (!missing || !specifier.startsWith('@sluice/')) throw error;
    const url = pathToFileURL(ofHost.resolve(specifier)).href;
    return { url, format: 'module', shortCircuit: true } as Resolved;
  }
}

function ofSameReload(specifier: string, parent: string | undefined, found: Resolved): Resolved {
  if (!/^\.\.?\//.test(specifier) || !found.url.startsWith('file:')) return found;
  const reload = parent === undefined ? null : new URL(parent).searchParams.get(reloadParam);
  if (reload === null) return found;
  const url = new URL(found.url);
  url.searchParams.set(reloadParam, reload);
  return { ...found, url: url.href };
}

// Before Node 22.15 hooks run in a thread of their own: what they share with this module is its text.
const source = `
const reloadParam = '${reloadParam}';
${ofSameReload.toString()}
let host;
export function initialize(data) { host = data.host; }
export async function resolve(specifier, context, next) {
  try {
    return ofSameReload(specifier, context.parentURL, await next(specifier, context));
  } catch (error) {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND' || !specifier.startsWith('@sluice/')) throw error;
    return next(specifier, { ...context, parentURL: host });
  }
}
`;
const hooks = `data:text/javascript,${encodeURIComponent(source)}`;
