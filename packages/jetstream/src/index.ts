export { jetstreamInput, jetstreamOutput } from './definitions.js';
export { JetStreamPluginError } from './errors.js';
export type { JetStreamErrorCode } from './errors.js';
export { jetstreamInputSection } from './input-section.js';
export type { JetStreamInputConfig } from './input-section.js';
export { JetStreamInput } from './jetstream-input.js';
export { JetStreamOutput } from './jetstream-output.js';
export { jetstreamOutputSection } from './output-section.js';
export type { JetStreamOutputConfig } from './output-section.js';
