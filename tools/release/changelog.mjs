/**
 * How `changeset version` writes a changelog: what changed, with the commit behind it, and one line
 * for all packages below that have changed.
 */

/** @type {import('@changesets/types').ChangelogFunctions} */
export default {
  getReleaseLine(changeset) {
    const [first = '', ...more] = changeset.summary.split('\n').map((line) => line.trimEnd());
    // A summary that is a list goes on as one.
    const lines = first.startsWith('- ') ? [first, ...more] : [`- ${first}`, ...more.map(indent)];
    const commit = changeset.commit === undefined ? '' : ` (${changeset.commit.slice(0, 7)})`;
    return Promise.resolve(`${lines.join('\n')}${commit}`);
  },
  getDependencyReleaseLine(_changesets, dependencies) {
    if (dependencies.length === 0) return Promise.resolve('');
    const names = dependencies.map(({ name, newVersion }) => `\`${name}@${newVersion}\``);
    return Promise.resolve(`- Stands on ${names.join(', ')}.`);
  },
};

/** @param {string} line */
function indent(line) {
  return line === '' ? line : `  ${line}`;
}
