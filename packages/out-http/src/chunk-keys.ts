import type { ConfigElement } from '@sluice/config';
import type { ChunkKeys } from './template.js';

/** What placeholders may stand for, by the `<buffer>` of the section. */
export function chunkKeysOf(element: ConfigElement): ChunkKeys {
  const buffer = element.children('buffer').at(0);
  const names = (buffer?.arg ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const utc = buffer?.params.has('timekey_use_utc') === true;
  const isUtc = utc && /^(?:true|yes|)$/.test(buffer.get('timekey_use_utc') ?? '');
  return {
    fields: names.filter((name) => name !== 'tag' && name !== 'time'),
    time: names.includes('time'),
    zone: isUtc ? 'utc' : buffer?.get('timekey_zone'),
  };
}
