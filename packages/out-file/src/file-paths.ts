import path from 'node:path';
import type { ConfigElement } from '@sluice/config';
import type { PluginContext } from '@sluice/plugin';
import { StrftimeError } from '@sluice/formats';
import { localOffset, utcOffset, zoneOffset, type ZoneOffset } from '@sluice/formats';
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

/** The time of one step of an old time_slice_format. */
function timekeyOf(format: string): number {
  if (/%[-0_^]*\d*[SsTXrc]/.test(format)) return 1;
  if (/%[-0_^]*\d*[MR]/.test(format)) return 60;
  return /%[-0_^]*\d*[HIkl]/.test(format) ? 3600 : day;
}

function zone(config: FileConfig, slice: SliceConfig | undefined): ZoneOffset {
  if (slice?.timekeyUseUtc === true) return utcOffset;
  if (slice?.timekeyZone !== undefined) return zoneOffset(slice.timekeyZone);
  if (config.timezone !== undefined) return zoneOffset(config.timezone);
  return config.utc || config.localtime === false ? utcOffset : localOffset;
}

/** An extension that is a fixed one: `.log`, but not that of `app.%Y` or `app.${tag}`. */
function extension(file: string): string {
  const found = path.extname(file);
  return /[%$*{}[\]]/.test(found) ? '' : found;
}

/**
 * Fluentd appends the time to a path without a time in it, then the suffix. Here a path that ends
 * with an extension keeps it, and gets no suffix unless one is asked for.
 */
function template(config: FileConfig, timekey: number | undefined, written: ConfigElement) {
  let base = config.path;
  let suffix = '';
  if (timekey !== undefined) {
    const placeholders = config.timeSliceFormat ?? timePlaceholders(timekey);
    if (base.includes('*')) base = base.replaceAll('*', placeholders);
    else if (!/%[-0_^]*\d*[A-Za-z]/.test(base)) base += `.${placeholders}`;
  } else if (base.includes('*')) {
    throw written.error('* in the path needs <buffer time>', {
      param: 'path',
      hint: 'write the time itself: %Y%m%d',
    });
  }
  const gzip = config.compress !== 'text';
  if (gzip && base.endsWith('.gz')) {
    base = base.slice(0, -3);
    suffix = '.gz';
  } else if (gzip) {
    suffix = '.gz';
  }
  const wanted = config.addPathSuffix ?? written.params.has('path_suffix');
  const own = wanted ? '' : extension(base);
  if (own !== '') {
    base = base.slice(0, -own.length);
    suffix = own + suffix;
  } else if (wanted || config.addPathSuffix === undefined) {
    suffix = config.pathSuffix + suffix;
  }
  return { base, suffix };
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
  const slice =
    config.buffer &&
    sliceSection.read(config.buffer, { log: context.log, ignoreParams: bufferParams });
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
  const timed = slice !== undefined && keysOf(slice.chunkKeys).includes('time');
  let timekey = slice?.timekey ?? (timed ? day : undefined);
  if (config.timeSliceFormat !== undefined) timekey ??= timekeyOf(config.timeSliceFormat);
  const parts = template(config, timekey, element);
  const shared = { zone: zone(config, slice), timekey, workerId: context.workerId ?? 0 };
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
