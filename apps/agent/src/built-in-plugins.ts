import { forwardInput } from '@sluice/in-forward';
import { forwardOutput } from '@sluice/out-forward';
import type { PluginDefinition } from '@sluice/plugin';
import { grepFilter } from './filters/grep.js';
import { recordTransformerFilter } from './filters/record-transformer.js';
import { monitorAgentInput } from './monitor/monitor-agent.js';
import { copyOutput } from './outputs/copy.js';
import { fileOutput } from './outputs/file.js';
import { nullOutput } from './outputs/null.js';
import { relabelOutput } from './outputs/relabel.js';
import { stdoutOutput } from './outputs/stdout.js';

/** The plugins that need no installing. */
export const builtInPlugins: readonly PluginDefinition[] = [
  forwardInput,
  monitorAgentInput,
  grepFilter,
  recordTransformerFilter,
  copyOutput,
  fileOutput,
  forwardOutput,
  nullOutput,
  relabelOutput,
  stdoutOutput,
];
