import { forwardInput } from '@sluice/in-forward';
import type { PluginDefinition } from '@sluice/plugin';
import { copyOutput } from './outputs/copy.js';
import { fileOutput } from './outputs/file.js';
import { nullOutput } from './outputs/null.js';
import { relabelOutput } from './outputs/relabel.js';
import { stdoutOutput } from './outputs/stdout.js';

/** The plugins that need no installing. */
export const builtInPlugins: readonly PluginDefinition[] = [
  forwardInput,
  copyOutput,
  fileOutput,
  nullOutput,
  relabelOutput,
  stdoutOutput,
];
