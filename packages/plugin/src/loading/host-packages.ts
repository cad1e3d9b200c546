import module from 'node:module';

let registered = false;

/**
 * Lets a plugin file that lies anywhere import `@sluice/*`: where the packages are not installed
 * beside it, those of the host are taken. What is installed beside it comes first.
 */
export function resolveFromHost(): void {
  if (registered) return;
  registered = true;
  module.register(new URL(hooks), { data: { host: import.meta.url } });
}

// Hooks run in a thread of their own, and so cannot share code with this module.
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
