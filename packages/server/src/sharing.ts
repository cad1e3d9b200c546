// The part for the primary of a cluster, without the weight of the rest.
export { shareListeners } from './shared-listeners.js';
export type { SharedListeners } from './shared-listeners.js';
