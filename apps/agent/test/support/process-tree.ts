import { readdirSync, readFileSync } from 'node:fs';

/** The processes that have this one as their parent, as Linux tells them. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        // After the command's name, which may hold anything, come the state and the parent.
        const status = readFileSync(`/proc/${name}/stat`, 'utf8');
        return Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]) === pid;
      } catch {
        return false; // it has ended meanwhile
      }
    })
    .map(Number);
}
