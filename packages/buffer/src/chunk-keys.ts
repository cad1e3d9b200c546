import type { ConfigElement } from '@sluice/config';
import { packField, type PackedField } from '@sluice/event-stream/packed';
import { parseRecordAccessor, RecordAccessorError } from '@sluice/plugin';

/** What divides events into chunks. Fluentd: the argument of `<buffer>`. */
export interface ChunkKeys {
  /** `time`: by slices of `timekey` seconds. */
  readonly time: boolean;
  /** Fields of records, as written, and where they are. */
  readonly fields: readonly { readonly key: string; readonly field: PackedField }[];
}

/**
 * Reads the argument of `<buffer time, tag, user, $.kubernetes.pod>`. `tag` changes nothing: events
 * of several tags never share a chunk.
 *
 * @throws ConfigError
 */
export function readChunkKeys(argument: string, element: ConfigElement): ChunkKeys {
  const keys = argument
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '' && key !== '[]');
  const names = keys.filter((key) => key !== 'tag' && key !== 'time');
  return {
    time: keys.includes('time'),
    fields: [...new Set(names)].map((key) => ({ key, field: fieldOf(key, element) })),
  };
}

function fieldOf(key: string, element: ConfigElement): PackedField {
  if (!/^(?:\$[.[]|[\w.@-]+$)/.test(key)) {
    throw element.error(`chunk key "${key}" is not a name`, {
      arg: true,
      hint: 'write time, tag, the name of a field, or $.a.b for a nested one, with commas between',
    });
  }
  try {
    return packField(parseRecordAccessor(key));
  } catch (error) {
    if (!(error instanceof RecordAccessorError)) throw error;
    throw element.error(error.message, { arg: true });
  }
}
