export { forwardOutput } from './definition.js';
export { ForwardOutputError } from './errors.js';
export type { ForwardOutputErrorCode } from './errors.js';
export { ForwardOutput } from './forward-output.js';
export { forwardOutputSection } from './section.js';
export type { ForwardOutputConfig, ForwardServerConfig } from './section.js';
