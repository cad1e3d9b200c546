/** What {@link writeFully} needs of a file: `FileHandle.writev`, or one like it. */
export type WriteVectors = (chunks: Buffer[]) => Promise<{ bytesWritten: number }>;

/** The kernel takes at most this many buffers in one writev (IOV_MAX on Linux). */
const maxVectors = 1024;

/** Writes all chunks, however many bytes the kernel takes at a time. */
export async function writeFully(writev: WriteVectors, chunks: Buffer[]): Promise<void> {
  let first = 0;
  let offset = 0;
  while (first < chunks.length) {
    const vectors = chunks.slice(first, first + maxVectors);
    if (offset > 0) vectors[0] = vectors[0].subarray(offset);
    let { bytesWritten } = await writev(vectors);
    for (const vector of vectors) {
      if (bytesWritten < vector.length) {
        offset = vector === vectors[0] ? offset + bytesWritten : bytesWritten;
        break;
      }
      bytesWritten -= vector.length;
      first += 1;
      offset = 0;
    }
  }
}
