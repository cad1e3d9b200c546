import { parseArgs, type ParseArgsConfig } from 'node:util';

/** A mistake on the command line. */
export class UsageError extends Error {
  readonly code = 'ERR_SLUICE_USAGE';
  override readonly name = 'UsageError';
}

/** Parses arguments. @throws UsageError with Node's words for what is wrong */
export function parseFlags<const T extends NonNullable<ParseArgsConfig['options']>>(
  args: string[],
  options: T,
): ReturnType<typeof parseArgs<{ args: string[]; options: T; allowPositionals: true }>> {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message.split('. ')[0]);
  }
}
