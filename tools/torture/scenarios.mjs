/** The scenarios, in their order. */
import { greedy } from './scenarios/attacks.mjs';
import { manyFiles, powerCuts } from './scenarios/buffer-files.mjs';
import { clockJumps } from './scenarios/clock.mjs';
import { fullBufferDisk, fullFileDisk, stalledOutput } from './scenarios/disk.mjs';
import { frozenNext, stopWhenFull, withoutAcks, workersLeave } from './scenarios/downstream.mjs';
import { fuzz } from './scenarios/fuzz.mjs';
import { killBuffer, killChain, killFile } from './scenarios/kill.mjs';
import { signals } from './scenarios/signals.mjs';
import { soak } from './scenarios/soak.mjs';

export const scenarios = [
  manyFiles,
  killFile,
  killBuffer,
  killChain,
  signals,
  fullFileDisk,
  fullBufferDisk,
  stalledOutput,
  frozenNext,
  withoutAcks,
  stopWhenFull,
  workersLeave,
  clockJumps,
  { ...powerCuts, kind: 'bytes' },
  { ...fuzz, kind: 'bytes' },
  { ...greedy, kind: 'speed' },
  { ...soak, kind: 'speed' },
];
