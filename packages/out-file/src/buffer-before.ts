import { ConfigElement, type ConfigParam } from '@sluice/config';
import { keysOf } from './file-section.js';

/** What of `<buffer>` says where an event goes, and nothing about waiting. */
const sliceParams = ['timekey', 'timekey_use_utc', 'timekey_zone'];
const sliceKeys = ['time', 'tag'];
/** Fluentd's defaults for the buffer of this output. */
const usualType = 'file';
const usualKeys = 'time';

/**
 * The `<buffer>` in which events wait for this output: where one is written that says more than how
 * paths are sliced, or where there is a `<secondary>`. Otherwise events go into the files at once.
 *
 * @param element the section of the output
 * @returns the section with this output's defaults: `@type file`, the chunk key `time`, and a path
 *   beside the files; undefined where there is none
 * @throws ConfigError
 */
export function bufferBefore(element: ConfigElement): ConfigElement | undefined {
  const [secondary] = element.children('secondary') as (ConfigElement | undefined)[];
  const [written] = element.children('buffer') as (ConfigElement | undefined)[];
  if (secondary === undefined && (written === undefined || onlySlices(written))) return undefined;
  const { location } = element;
  const buffer = written ?? new ConfigElement({ name: 'buffer', location });
  const params = [...buffer.params.values()];
  const add = (name: string, value: string): void => {
    if (buffer.params.has(name)) return;
    const at = buffer.location;
    const param: ConfigParam = { name, value, form: 'bare', location: at, valueLocation: at };
    params.push(param);
  };
  add('@type', usualType);
  const type = buffer.type ?? usualType;
  if (type === 'file' || type === 'file_single') add('path', usualPath(element));
  return new ConfigElement({
    name: buffer.name,
    arg: buffer.arg === '' ? usualKeys : buffer.arg,
    location: buffer.location,
    argLocation: buffer.argLocation,
    params,
    elements: buffer.elements,
  });
}

function onlySlices(buffer: ConfigElement): boolean {
  return (
    [...buffer.params.keys()].every((name) => sliceParams.includes(name)) &&
    keysOf(buffer.arg).every((key) => sliceKeys.includes(key))
  );
}

/** Beside the files: their path up to its first placeholder, and `.buffer`. */
function usualPath(element: ConfigElement): string {
  const fixed = /^[^%$*]*/.exec(element.get('path') ?? '')?.[0] ?? '';
  return `${fixed.replace(/[._-]+$/, '')}.buffer`;
}
