// The part for the primary of a cluster, without the weight of the rest.
export { shareTicketKeys } from './cluster-ticket-keys.js';
