/**
 * Where a connection is in its life.
 *
 * - `open`: bytes may go both ways
 * - `ended`: the peer has sent its FIN (or a shutdown treats it as if it had); we may still write
 * - `finishing`: our FIN is on its way, and the peer's is awaited
 * - `closing`: closed without waiting for anything, or with a linger timeout that runs
 * - `handed-over`: somebody else reads and writes the socket
 * - `closed`: gone
 * @internal
 */
export type ConnectionStatus =
  'open' | 'ended' | 'finishing' | 'closing' | 'handed-over' | 'closed';

const followers: Readonly<Record<ConnectionStatus, readonly ConnectionStatus[]>> = {
  open: ['ended', 'finishing', 'closing', 'handed-over', 'closed'],
  ended: ['finishing', 'closing', 'closed'],
  finishing: ['closing', 'closed'],
  closing: ['closed'],
  'handed-over': ['closing', 'closed'],
  closed: [],
};

/** Whether a connection may go from one status to the other. @internal */
export function mayFollow(from: ConnectionStatus, to: ConnectionStatus): boolean {
  return followers[from].includes(to);
}
