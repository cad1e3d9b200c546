export { forwardInput } from './definition.js';
export { ForwardInput } from './forward-input.js';
export { forwardSection } from './section.js';
export type { ForwardConfig } from './section.js';
export type { ForwardCount, ForwardStatistics } from './statistics.js';
