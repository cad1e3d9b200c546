/**
 * `npm test`: builds every package (the end-to-end tests run what is published), then runs all
 * tests in one vitest run. Arguments go to vitest: `npm test -- packages/config`.
 */
import { nx, runOrExit, toolScript } from './workspace.mjs';

nx(['run-many', '-t', 'build']);
runOrExit(toolScript('vitest', 'vitest.mjs'), [
  'run',
  '--config',
  'tools/vitest.config.mjs',
  ...process.argv.slice(2),
]);
