import { defineSection, t, type CheckContext, type SectionOf } from '@sluice/config';
import { formatSections } from '@sluice/formats';
import { TimeZoneError, zoneOffset } from '@sluice/formats';

const permission = (usual: string) =>
  t
    .string()
    .default(usual)
    .refine((value) => /^0?[0-7]{3,4}$/.test(value), 'must be octal digits such as 0644')
    .transform((value) => parseInt(value, 8));

const seconds = { min: 0.001 };

/** Fluentd's `out_file`, with what it lacks: sizes, fsync, bounds. */
export const fileSection = defineSection({
  name: 'match',
  description: 'Appends events to files; paths may have placeholders for the time and the tag.',
  params: {
    path: t
      .string()
      .refine((value) => value !== '', 'must not be empty')
      .describe('The file; %Y and so on, ${tag}, ${tag[0]}, ${worker_id}, ${hostname}'),
    append: t
      .bool()
      .default(false)
      .describe('Grow a file that is there; false: a new, numbered file'),
    addPathSuffix: t.bool().default(true).describe('End paths with path_suffix'),
    pathSuffix: t.string().default('.log').describe('The ending of a path'),
    compress: t
      .enum(['text', 'gz', 'gzip'])
      .default('text')
      .describe('gzip or gz: each write is a gzip member, and .gz is added to the path'),
    symlinkPath: t.string().optional().describe('A symbolic link to the newest file'),
    symlinkPathUseRelative: t.bool().default(false).describe('The link has a relative path in it'),
    rotateSize: t
      .size({ min: 1 })
      .optional()
      .describe('A file that would become larger is renamed first: app.log to app_0.log'),
    rotateAge: t
      .integer({ min: 0 })
      .optional()
      .describe('How many renamed or numbered files stay (default: all)'),
    fsync: t
      .bool()
      .optional()
      .describe(
        'Acknowledge only what is on the disk (default: false, with a file buffer before it true)',
      ),
    writeInterval: t
      .time()
      .default(0)
      .describe('Seconds that events wait, unacknowledged, for others to be written with'),
    totalLimitSize: t
      .size({ min: 1 })
      .default(256 * 1024 * 1024)
      .describe('Bytes that may wait to be written; what exceeds them is refused'),
    maxOpenFiles: t.integer({ min: 1 }).default(128).describe('How many files may be open at once'),
    filePermission: permission('0644').describe('Mode of files that are created'),
    dirPermission: permission('0755').describe('Mode of folders that are created'),
    timeSliceFormat: t
      .string()
      .optional()
      .describe("Fluentd's old way: the time in the path, as strftime"),
    recompress: t.bool().optional().describe('Has no effect: nothing is compressed before'),
  },
  sections: {
    ...formatSections,
    buffer: {
      raw: 'buffer',
      description:
        'Its argument and timekey slice the path by time; with anything else in it events wait in a buffer.',
    },
    secondary: {
      raw: 'secondary',
      description: 'Another output, for what a buffer cannot write to the files.',
    },
  },
  check: (value, context) => {
    const warn = (text: string): void => context.log?.warn({ section: context.element.tag }, text);
    if (value.recompress !== undefined) warn('recompress has no effect');
    if (value.symlinkPathUseRelative && value.symlinkPath === undefined) {
      throw context.error('symlinkPathUseRelative', 'needs symlink_path');
    }
  },
});

export type FileConfig = SectionOf<typeof fileSection>;

/** What of `<buffer>` says where an event goes. */
export const sliceSection = defineSection({
  name: 'buffer',
  description: 'How a path is sliced by time.',
  argument: {
    chunkKeys: t
      .string()
      .default('time')
      .describe('time, tag or both, with a comma between; [] for neither'),
  },
  params: {
    timekey: t
      .time(seconds)
      .optional()
      .describe('Length of a time slice in seconds (default: a day)'),
    timekeyUseUtc: t.bool().default(false).describe('Slices begin at full UTC times'),
    timekeyZone: t.string().optional().describe('Zone of slices: +09:00 or Asia/Tokyo'),
  },
  check: (value, context) => {
    if (value.timekey !== undefined && !Number.isInteger(value.timekey)) {
      throw context.error('timekey', 'must be whole seconds');
    }
    checkZone('timekeyZone', value.timekeyZone, context);
  },
});

export type SliceConfig = SectionOf<typeof sliceSection>;

function checkZone(key: string, zone: string | undefined, context: CheckContext): void {
  if (zone === undefined) return;
  try {
    zoneOffset(zone);
  } catch (error) {
    if (!(error instanceof TimeZoneError)) throw error;
    throw context.error(key, error.message, 'write +09:00, +0900 or Asia/Tokyo');
  }
}

/** The chunk keys of `<buffer time,tag>`. */
export function keysOf(argument: string): string[] {
  return argument
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '' && key !== '[]');
}
