import { createHash, randomBytes, randomUUID } from 'node:crypto';
import os from 'node:os';
import { RubyError } from './errors.js';
import { parseJson } from './json.js';
import { rubyFormat } from './sprintf.js';
import type { Value } from './values.js';
import type { Runtime } from './runtime.js';

/** A function that is called by its name alone, or on a class. */
export interface RubyFunction {
  readonly least: number;
  readonly most: number;
  readonly usage: string;
  readonly call: (runtime: Runtime, args: readonly Value[]) => Value;
}

function define(
  usage: string,
  counts: number | readonly [number, number],
  call: RubyFunction['call'],
): RubyFunction {
  const [least, most] = typeof counts === 'number' ? [counts, counts] : counts;
  return { usage: `write ${usage}`, least, most, call };
}

const digest = (name: string): RubyFunction['call'] => {
  return (runtime, [text]) => createHash(name).update(runtime.string(text)).digest('hex');
};
const strict = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function integer(runtime: Runtime, [value]: readonly Value[]): Value {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return BigInt(Math.trunc(value));
  const text = typeof value === 'string' ? value.trim().replace(/(?<=\d)_(?=\d)/g, '') : '';
  if (/^[+-]?(?:0x[0-9a-f]+|0b[01]+|0o[0-7]+|\d+)$/i.test(text)) {
    const size = text.replace(/^[+-]/, '');
    const exact = BigInt(/^0\d/.test(size) ? `0o${size.replace(/^0+(?=\d)/, '')}` : size);
    return text.startsWith('-') ? -exact : exact;
  }
  throw new RubyError(`invalid value for Integer(): ${runtime.inspect(value)}`);
}

function float(runtime: Runtime, [value]: readonly Value[]): Value {
  if (typeof value === 'bigint' || typeof value === 'number') return Number(value);
  const text = typeof value === 'string' ? value.trim() : '';
  if (/^[+-]?\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text))
    return Number(text.replaceAll('_', ''));
  throw new RubyError(`invalid value for Float(): ${runtime.inspect(value)}`);
}

/** `URI.encode_www_form_component` and `CGI.escape` */
const escaped: RubyFunction['call'] = (runtime, [text]) =>
  encodeURIComponent(runtime.string(text))
    .replace(/[!'()]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
    .replaceAll('~', '~');
const unescaped: RubyFunction['call'] = (runtime, [text]) => {
  const bytes = runtime
    .string(text)
    .replaceAll('+', ' ')
    .replace(/%([0-9a-fA-F]{2})|[^%]+|%/g, (part, hex: string | undefined) =>
      hex === undefined
        ? Buffer.from(part).toString('latin1')
        : String.fromCharCode(Number.parseInt(hex, 16)),
    );
  return Buffer.from(bytes, 'latin1').toString();
};

/** What may be called without a receiver. */
export const functions: Readonly<Partial<Record<string, RubyFunction>>> = {
  'Time.now': define('Time.now', 0, (runtime) => runtime.now()),
  'Time.at': define('Time.at(seconds)', 1, (runtime, [seconds]) => runtime.timeAt(seconds)),
  'Socket.gethostname': define('Socket.gethostname', 0, () => os.hostname()),
  'JSON.parse': define('JSON.parse(text)', 1, (runtime, [text]) => parseJson(runtime.string(text))),
  'JSON.generate': define('JSON.generate(value)', 1, (runtime, [value]) => runtime.json(value)),
  'JSON.dump': define('JSON.dump(value)', 1, (runtime, [value]) => runtime.json(value)),
  ENV: define("ENV['NAME']", 1, (runtime, [name]) => process.env[runtime.string(name)] ?? null),
  'ENV.fetch': define("ENV.fetch('NAME', 'default')", [1, 2], (runtime, args) => {
    const name = runtime.string(args[0]);
    const value = process.env[name] ?? args.at(1);
    if (value === undefined) throw new RubyError(`the environment variable ${name} is not set`);
    return value;
  }),
  Integer: define('Integer(value)', 1, integer),
  Float: define('Float(value)', 1, float),
  String: define('String(value)', 1, (runtime, [value]) => runtime.text(value)),
  Array: define('Array(value)', 1, (_runtime, [value]) =>
    value === null ? [] : Array.isArray(value) ? value : [value],
  ),
  sprintf: define('sprintf("%d", value)', [1, 20], (runtime, [format, ...args]) =>
    rubyFormat(runtime, runtime.string(format), args),
  ),
  format: define('format("%d", value)', [1, 20], (runtime, [format, ...args]) =>
    rubyFormat(runtime, runtime.string(format), args),
  ),
  'Digest::MD5.hexdigest': define('Digest::MD5.hexdigest(text)', 1, digest('md5')),
  'Digest::SHA1.hexdigest': define('Digest::SHA1.hexdigest(text)', 1, digest('sha1')),
  'Digest::SHA256.hexdigest': define('Digest::SHA256.hexdigest(text)', 1, digest('sha256')),
  'Base64.strict_encode64': define('Base64.strict_encode64(text)', 1, (runtime, [text]) =>
    Buffer.from(runtime.string(text)).toString('base64'),
  ),
  'Base64.encode64': define('Base64.encode64(text)', 1, (runtime, [text]) =>
    Buffer.from(runtime.string(text))
      .toString('base64')
      .replace(/.{1,60}/g, '$&\n'),
  ),
  'Base64.decode64': define('Base64.decode64(text)', 1, (runtime, [text]) =>
    Buffer.from(runtime.string(text), 'base64').toString(),
  ),
  'Base64.strict_decode64': define('Base64.strict_decode64(text)', 1, (runtime, [text]) => {
    if (!strict.test(runtime.string(text))) throw new RubyError('invalid base64');
    return Buffer.from(runtime.string(text), 'base64').toString();
  }),
  'SecureRandom.uuid': define('SecureRandom.uuid', 0, () => randomUUID()),
  'SecureRandom.hex': define('SecureRandom.hex', 0, () => randomBytes(16).toString('hex')),
  'CGI.escape': define('CGI.escape(text)', 1, escaped),
  'CGI.unescape': define('CGI.unescape(text)', 1, unescaped),
  'URI.encode_www_form_component': define('URI.encode_www_form_component(text)', 1, escaped),
  'URI.decode_www_form_component': define('URI.decode_www_form_component(text)', 1, unescaped),
};

export const functionNames = Object.keys(functions);

/** Functions whose value may differ from one event to the next. */
export const changing: ReadonlySet<string> = new Set([
  'Time.now',
  'SecureRandom.uuid',
  'SecureRandom.hex',
]);
