import { defineSection, param, t, type SectionOf } from '@sluice/config';
import { compressParam } from '../compression.js';

const permission = (usual: string) =>
  t
    .string()
    .default(usual)
    .refine((value) => /^0?[0-7]{3,4}$/.test(value), 'must be octal digits such as 0644')
    .transform((value) => parseInt(value, 8));

const params = {
  path: t
    .string()
    .refine((value) => value !== '', 'must not be empty')
    .describe('Folder of this buffer and no other. ".*" in it is left out'),
  pathSuffix: t.string().default('.log').describe('The ending of the files'),
  filePermission: permission('0600').describe('Mode of files that are created. Fluentd: 0644'),
  dirPermission: permission('0755').describe('Mode of folders that are created'),
  compress: compressParam,
  fsync: t
    .enum(['true', 'false', 'interval'])
    .default('true')
    .describe(
      'true: acknowledged means on the disk, and what comes at the same time is synced together; interval: synced every fsync_interval, acknowledged before; false: left to the system',
    ),
  fsyncInterval: t
    .time({ min: 0.001 })
    .default(1)
    .describe('Seconds between two syncs, with fsync interval'),
};

/** What of `<buffer>` the file store reads, with Fluentd's names and defaults. */
export const fileStoreSection = defineSection({
  name: 'buffer',
  description: 'Keeps chunks in files, one folder for each buffer.',
  params,
});

const ownFormat = 'a chunk has a format of its own, which tells how many events it has';

/** The same with what Fluentd's `buf_file_single` reads besides. */
export const fileSingleStoreSection = defineSection({
  name: 'buffer',
  description: 'Keeps chunks in files, one folder for each buffer.',
  params: {
    ...params,
    calcNumRecords: param(t.bool().optional(), { deprecated: ownFormat }),
    chunkFormat: param(t.enum(['msgpack', 'text', 'auto']).optional(), { deprecated: ownFormat }),
  },
});

export type FileStoreConfig = SectionOf<typeof fileStoreSection>;
