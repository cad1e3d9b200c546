import { createRequire } from 'node:module';

/**
 * The library is loaded when the first value is decoded or encoded: an agent that writes JSON lines, or
 * hands events on as they are, never needs it, and it takes a tenth of the agent's start.
 */
let loaded: typeof import('msgpackr') | undefined;
export function msgpackr(): typeof import('msgpackr') {
  return (loaded ??= createRequire(import.meta.url)('msgpackr') as typeof import('msgpackr'));
}
