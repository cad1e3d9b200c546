import { createRequire } from 'node:module';
import type { Service } from '@sluice/plugin';

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string' && value !== '';
const isNumber =
  (min: number, max: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max;

/** By the name in the file: the key in code, what is right, and how to tell. */
const fields: Readonly<Record<string, readonly [key: keyof Service, right: string, is: Check]>> = {
  host: ['host', 'a host name or an address', isText],
  port: ['port', 'a number from 1 to 65535', isNumber(1, 65_535)],
  name: ['name', 'a text', isText],
  weight: ['weight', 'a number from 0 on', isNumber(0, Number.MAX_SAFE_INTEGER)],
  standby: ['standby', 'true or false', (value) => typeof value === 'boolean'],
  username: ['username', 'a text', isText],
  password: ['password', 'a text', isText],
  shared_key: ['sharedKey', 'a text', isText],
};

/**
 * Reads a list of servers, in YAML or in JSON, which YAML contains.
 *
 * @throws Error that says which server is wrong, and what would be right
 */
export function readServices(text: string): Service[] {
  // Loaded here, since most configurations have no list, and it takes longer than all else to load.
  const yaml = createRequire(import.meta.url)('yaml') as typeof import('yaml');
  const list: unknown = yaml.parse(text);
  if (!Array.isArray(list)) throw new Error('expected a list of servers, each with a host');
  return list.map((entry: unknown, index) => readService(entry, `server ${index + 1}`));
}

function readService(entry: unknown, where: string): Service {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    throw new Error(`${where}: expected host, port and so on`);
  }
  const service: Record<string, unknown> = { port: 24_224 };
  for (const [name, value] of Object.entries(entry)) {
    if (!Object.hasOwn(fields, name)) {
      throw new Error(`${where}: unknown ${name}; known: ${Object.keys(fields).join(', ')}`);
    }
    const [key, right, is] = fields[name];
    if (!is(value)) throw new Error(`${where}: ${name}: expected ${right}`);
    service[key] = value;
  }
  if (service.host === undefined) throw new Error(`${where}: host is missing`);
  return service as unknown as Service;
}
