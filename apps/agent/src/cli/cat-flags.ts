import { parseFlags, UsageError } from './flags.js';
import { senderChoice, senderFlags, type SenderChoice } from './sender-flags.js';

/** What the command line of `sluice cat` says. */
export interface CatOptions extends SenderChoice {
  readonly tag: string;
}

/** Reads the arguments of `sluice cat`. @throws UsageError */
export function readCatFlags(args: string[]): CatOptions {
  const { values, positionals } = parseFlags(args, senderFlags);
  const [tag, extra] = positionals as (string | undefined)[];
  if (tag === undefined || tag === '') throw new UsageError('cat needs a TAG');
  if (extra !== undefined) throw new UsageError(`cat takes one TAG; "${extra}" is too many`);
  return { tag, ...senderChoice(values, 'cat') };
}
