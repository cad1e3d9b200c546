import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { Flag } from './command.js';

/** A mistake on the command line. */
export class UsageError extends Error {
  /** For programs: it stays where the text of the message changes. */
  readonly code = 'ERR_SLUICE_USAGE';
  /** What a stack trace begins with. */
  override readonly name = 'UsageError';
}

type Value<F extends Flag> = F extends { readonly value: string } ? string : boolean;

/** What flags say, by their names; one that is not given is undefined. */
export type FlagValues<Flags extends readonly Flag[]> = {
  readonly [F in Flags[number] as F['name']]?: F extends { readonly multiple: true }
    ? Value<F>[]
    : Value<F>;
};

/**
 * Parses arguments as the flags of a command say.
 *
 * @param most how many arguments there may be beside the flags. Default: any number
 * @throws UsageError with what is wrong
 */
export function parseFlags<const Flags extends readonly Flag[]>(
  args: readonly string[],
  flags: Flags,
  most = Infinity,
): {
  /** What the flags say. */
  values: FlagValues<Flags>;
  /** The arguments beside the flags, in their order. */
  positionals: readonly (string | undefined)[];
} {
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const { name, short, value, multiple = false } of flags) {
    const type = value === undefined ? 'boolean' : 'string';
    options[name] = { type, multiple, ...(short !== undefined && { short }) };
  }
  let parsed: { values: object; positionals: string[] };
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message.split('. ')[0]);
  }
  const { values, positionals } = parsed;
  if (positionals.length > most) {
    throw new UsageError(`"${positionals[most]}" is one argument too many`);
  }
  return { values, positionals };
}
