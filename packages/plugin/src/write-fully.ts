/** What {@link writeFully} needs of a file. */
export type WriteVectors = (chunks: Buffer[]) => Promise<{
  /** How many bytes the kernel has taken, which may be fewer than there are. */
  bytesWritten: number;
}>;

/**
 * Writes all chunks, however many bytes the kernel takes at a time. They are joined first: the kernel
 * takes 1,024 buffers at a time at most, and many small ones cost more than the copy.
 */
export async function writeFully(write: WriteVectors, chunks: Buffer[]): Promise<void> {
  const [first] = chunks;
  let rest = chunks.length === 1 ? first : Buffer.concat(chunks);
  while (rest.length > 0) {
    const { bytesWritten } = await write([rest]);
    rest = rest.subarray(bytesWritten);
  }
}
