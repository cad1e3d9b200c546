/** A stop after which everything that was acknowledged is kept. */
export const cleanExit = 0;
/** Something failed on the way. */
export const failedExit = 1;
/** A clean stop that has lost buffered events, which were acknowledged. */
export const lostExit = 2;

/** The code of a process that has stopped. */
export function exitCode(clean: boolean, hasLost: boolean): number {
  if (hasLost) return lostExit;
  return clean ? cleanExit : failedExit;
}
