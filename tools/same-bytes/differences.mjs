/** Says how two sets of files differ. */
import { gunzipSync } from 'node:zlib';

/** Compressed files are compared by what is in them: the libraries may compress otherwise. */
export function unpacked(files) {
  return new Map(
    [...files].map(([name, bytes]) => [name, name.endsWith('.gz') ? gunzipSync(bytes) : bytes]),
  );
}

/**
 * @param {string} leftName
 * @param {Map<string, Buffer>} left
 * @param {string} rightName
 * @param {Map<string, Buffer>} right
 * @returns {string[]}
 */
export function differences(leftName, left, rightName, right) {
  const found = [];
  for (const name of new Set([...left.keys(), ...right.keys()])) {
    const [a, b] = [left.get(name), right.get(name)];
    if (a === undefined || b === undefined) {
      found.push(`${name} is only in ${a === undefined ? rightName : leftName}: ${shown(a ?? b)}`);
    } else if (!a.equals(b)) {
      let at = 0;
      while (a[at] === b[at]) at += 1;
      const from = Math.max(a.lastIndexOf(0x0a, at - 1) + 1, at - 200);
      found.push(
        `${name} differs at byte ${at}:\n    ${leftName}: ${shown(a.subarray(from))}\n    ${rightName}: ${shown(b.subarray(from))}`,
      );
    }
  }
  return found;
}

function shown(bytes) {
  const line = bytes.subarray(0, 400).toString('utf8').split('\n', 1)[0];
  return JSON.stringify(line);
}
