import type { AddressInfo } from 'node:net';
import type { ListenTarget } from '../accept/listen.js';

/** Set by a primary that shares listeners, and inherited by its workers. @internal */
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
