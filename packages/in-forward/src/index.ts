export { forwardInput } from './definition.js';
export { ForwardInput } from './forward-input.js';
export { forwardSection } from './section.js';
export type { ForwardConfig } from './section.js';
export { unixInput } from './unix.js';
export type { ForwardCount, ForwardStatistics, WaitReason } from './statistics.js';
