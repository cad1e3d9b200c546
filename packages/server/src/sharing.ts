// The part for the primary of a cluster, without the weight of the rest: nothing that this imports may
// import another package.
export { shareListeners } from './cluster/shared-listeners.js';
export type { SharedListeners } from './cluster/shared-listeners.js';
