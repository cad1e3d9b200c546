import type { AddressInfo } from 'node:net';
import type { ListenTarget } from '../listen/listen.js';

/**
 * Set by a primary that shares listeners to its process number, and inherited by its workers; and by
 * everything else that it starts, which is why the number has to be that of one's own primary.
 * @internal
 */
export const sharingVariable = 'SLUICE_SHARED_LISTENERS';

/** What a worker tells the primary. @internal */
export type FromWorker =
  | { sluice: 'listen'; key: string; title: string; target: ListenTarget }
  | { sluice: 'leave'; key: string }
  | { sluice: 'taken'; seq: number; accepted: boolean };

/** What the primary tells a worker. @internal */
export type FromPrimary =
  | { sluice: 'listening'; key: string; address: AddressInfo | string | null }
  | { sluice: 'failed'; key: string; code: string | undefined; message: string }
  | { sluice: 'connection'; key: string; seq: number };

/** @internal */
export function isSharing(message: unknown): message is FromWorker | FromPrimary {
  return typeof (message as { sluice?: unknown } | null)?.sluice === 'string';
}
