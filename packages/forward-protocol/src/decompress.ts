import { gunzip } from 'node:zlib';

/** The values of the option `compressed` that can be read. */
export type Compression = 'gzip' | 'zstd';

/** @returns undefined where more than `limit` bytes come out */
export function decompress(
  payload: Buffer,
  _compression: Compression,
  limit: number,
): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    gunzip(payload, { maxOutputLength: limit }, (error, data) => {
      if (error === null) resolve(data);
      else if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') resolve(undefined);
      else reject(error);
    });
  });
}
