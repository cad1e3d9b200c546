import { ConfigElement } from '@sluice/config';
import type { PluginContext } from '@sluice/plugin';
import {
  localOffset,
  StrftimeError,
  utcOffset,
  zoneOffset,
  type ZoneOffset,
} from '@sluice/formats';
import { keysOf, sliceSection, type FileConfig, type SliceConfig } from './file-section.js';
import { PathTemplate, PathTemplateError } from './path-template.js';

const day = 86_400;

/** The paths of an output, as its parameters and its `<buffer>` say together. */
export interface FilePaths {
  readonly files: PathTemplate;
  readonly symlink: PathTemplate | undefined;
}

function timePlaceholders(timekey: number): string {
  if (timekey < 60) return '%Y%m%d%H%M%S';
  if (timekey < 3600) return '%Y%m%d%H%M';
  return timekey < day ? '%Y%m%d%H' : '%Y%m%d';
}

function zone(slice: SliceConfig): ZoneOffset {
  if (slice.timekeyUseUtc) return utcOffset;
  return slice.timekeyZone === undefined ? localOffset : zoneOffset(slice.timekeyZone);
}

/** A path in two parts; a number goes between them. */
interface PathParts {
  readonly base: string;
  readonly suffix: string;
}

/**
 * Puts the time into the path, and the suffix behind it, as Fluentd does: in place of `*`; behind the
 * path where none of the time's parts is in it; not at all where they are there.
 */
function partsOf(
  config: FileConfig,
  timekey: number | undefined,
  timeFormat: string | undefined,
  written: ConfigElement,
): PathParts {
  const { path: given } = config;
  const compressed = config.compress === 'text' ? '' : '.gz';
  const suffix = (config.addPathSuffix ? config.pathSuffix : '') + compressed;
  const star = given.indexOf('*');
  if (timekey === undefined) {
    if (star < 0) return { base: given, suffix };
    throw written.error('* in the path needs <buffer time>', {
      param: 'path',
      hint: 'write <buffer time>, or the time itself: %Y%m%d',
    });
  }
  const time = timeFormat ?? timePlaceholders(timekey);
  if (star >= 0) {
    const rest = given.slice(star + 1).replaceAll('*', time);
    return { base: given.slice(0, star) + time, suffix: rest + compressed };
  }
  if (timeFormat === undefined) {
    const parts = time.match(/../g) ?? [];
    const absent = parts.filter((part) => !given.includes(part));
    if (absent.length === 0) return { base: given, suffix };
    if (absent.length < parts.length) {
      throw written.error(
        `the path has a part of the time, but not ${absent.join(' ')} of its timekey ${timekey}`,
        { param: 'path', hint: `put ${time} into the path, or no time at all` },
      );
    }
  }
  return { base: `${given}.${time}`, suffix };
}

/**
 * Reads what `<buffer>` says of paths, and puts them together.
 *
 * @param buffer the `<buffer>` in which events wait for this output; undefined where there is none
 * @throws ConfigError
 */
export function filePaths(
  config: FileConfig,
  element: ConfigElement,
  context: PluginContext,
  buffer: ConfigElement | undefined,
): FilePaths {
  const { location } = element;
  const section = buffer ?? config.buffer ?? new ConfigElement({ name: 'buffer', location });
  // The host reads a buffer's other parameters, and warns of what is unknown.
  const ignoreParams = buffer === undefined ? [] : [...buffer.params.keys()];
  const slice = sliceSection.read(section, { log: context.log, ignoreParams });
  const keys = keysOf(slice.chunkKeys);
  const timekey = keys.includes('time') ? (slice.timekey ?? day) : undefined;
  const parts = partsOf(config, timekey, config.timeSliceFormat, element);
  const shared = {
    zone: zone(slice),
    timekey,
    workerId: context.workerId ?? 0,
    chunkKeys: buffer === undefined ? undefined : keys.filter((key) => key !== 'time'),
  };
  const make = (param: string, base: string, suffix: string): PathTemplate => {
    try {
      return new PathTemplate({ base, suffix, ...shared });
    } catch (error) {
      if (!(error instanceof PathTemplateError) && !(error instanceof StrftimeError)) throw error;
      const hint =
        error instanceof StrftimeError
          ? 'for a percent sign write %%'
          : 'supported: ${tag}, ${tag[0]}, ${worker_id}, ${hostname}; after a <buffer> ${chunk_id} and its chunk keys, such as ${user} of <buffer user>';
      throw element.error(`${param}: ${error.message}`, { param, hint });
    }
  };
  return {
    files: make('path', parts.base, parts.suffix),
    symlink:
      config.symlinkPath === undefined ? undefined : make('symlink_path', config.symlinkPath, ''),
  };
}
