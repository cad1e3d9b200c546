import module from 'node:module';
import { pathToFileURL } from 'node:url';

let registered = false;

/**
 * Lets a plugin file that lies anywhere import `@sluice/*`: where the packages are not installed
 * beside it, those of the host are taken. What is installed beside it comes first.
 *
 * `require` of a CommonJS file is served from Node 22.15 on, which has hooks for it.
 */
export function resolveFromHost(): void {
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
type Next = (specifier: string, context?: Context) => object;
interface Hooks {
  readonly resolve: (specifier: string, context: Context, next: Next) => object;
}

const ofHost = module.createRequire(import.meta.url);

function resolve(specifier: string, context: Context, next: Next): object {
  try {
    return next(specifier, context);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const missing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
    if (!missing || !specifier.startsWith('@sluice/')) throw error;
    const url = pathToFileURL(ofHost.resolve(specifier)).href;
    return { url, format: 'module', shortCircuit: true };
  }
}

// Before Node 22.15 hooks run in a thread of their own, and so cannot share code with this module.
const source = `
let host;
export function initialize(data) { host = data.host; }
export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND' || !specifier.startsWith('@sluice/')) throw error;
    return next(specifier, { ...context, parentURL: host });
  }
}
`;
const hooks = `data:text/javascript,${encodeURIComponent(source)}`;
