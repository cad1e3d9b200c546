import { defineSection, t, type SectionOf } from '@sluice/config';

/** Fluentd's `out_secondary_file`. */
export const secondaryFileSection = defineSection({
  name: 'secondary',
  description: 'Writes chunks that an output did not take into files, as MessagePack.',
  params: {
    directory: t
      .string()
      .refine((value) => value !== '', 'must not be empty')
      .describe('The folder; placeholders as in basename'),
    basename: t
      .string()
      .default('dump.bin')
      .refine((value) => value !== '' && !value.includes('/'), 'must be a name without /')
      .describe('The file; ${chunk_id}, ${tag}, ${tag[0]}, ${name of a chunk key}, %Y and so on'),
    append: t
      .bool()
      .default(false)
      .describe('Grow one file; false: a new, numbered file each time'),
    compress: t
      .enum(['text', 'gzip', 'gz'])
      .default('text')
      .describe('gzip: each chunk is a gzip member, and .gz is added to the name'),
  },
});

export type SecondaryFileConfig = SectionOf<typeof secondaryFileSection>;
