import { ConfigElement } from '@sluice/config';
import type { PluginContext } from '@sluice/plugin';
import {
  localOffset,
  StrftimeError,
  utcOffset,
  zoneOffset,
  type ZoneOffset,
} from '@sluice/formats';
import {
  bufferParams,
  keysOf,
  sliceSection,
  type FileConfig,
  type SliceConfig,
} from './file-section.js';
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
 * Reads `<buffer>`, and puts the path together.
 *
 * @throws ConfigError
 */
export function filePaths(
  config: FileConfig,
  element: ConfigElement,
  context: PluginContext,
): FilePaths {
  const slice = sliceSection.read(
    config.buffer ?? new ConfigElement({ name: 'buffer', location: element.location }),
    { log: context.log, ignoreParams: bufferParams },
  );
  const buffered = config.buffer?.type;
  // With a @type other than file the host buffers, and reads them.
  if (config.buffer !== undefined && (buffered === undefined || buffered === 'file')) {
    const idle = bufferParams.filter((name) => config.buffer?.params.has(name));
    if (buffered !== undefined) idle.unshift('@type');
    if (idle.length > 0) {
      context.log.warn(
        { parameters: idle.join(', ') },
        `${idle.join(', ')} in <buffer>: no effect, events go into the file at once and are acknowledged when they are there`,
      );
    }
  }
  const timed = keysOf(slice.chunkKeys).includes('time');
  const timekey = timed ? (slice.timekey ?? day) : undefined;
  const parts = partsOf(config, timekey, config.timeSliceFormat, element);
  const shared = { zone: zone(slice), timekey, workerId: context.workerId ?? 0 };
  const make = (param: string, base: string, suffix: string): PathTemplate => {
    try {
      return new PathTemplate({ base, suffix, ...shared });
    } catch (error) {
      if (!(error instanceof PathTemplateError) && !(error instanceof StrftimeError)) throw error;
      const hint =
        error instanceof StrftimeError
          ? 'for a percent sign write %%'
          : 'supported: ${tag}, ${tag[0]}, ${worker_id}, ${hostname}';
      throw element.error(`${param}: ${error.message}`, { param, hint });
    }
  };
  return {
    files: make('path', parts.base, parts.suffix),
    symlink:
      config.symlinkPath === undefined ? undefined : make('symlink_path', config.symlinkPath, ''),
  };
}
