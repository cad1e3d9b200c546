import dgram from 'node:dgram';
import net from 'node:net';
import { noteUnsupported, type Draft } from './draft.js';
import { isPipe, type SocketTarget } from './descriptor.js';
import { SocketOptionUnsupportedError } from './errors.js';
import type { SocketOptionName, ValidatedSocketOptions } from './options.js';
import { getPlain, setPlain } from './plain.js';

/** Promises that timers and lookups keep, whatever the kernel holds; and what is always so. */
const keptHere: readonly SocketOptionName[] = [
  'nonblock',
  'lingerTimeout',
  'recvTimeout',
  'sendTimeout',
];
/** What Node can set on a connection. */
const perSocket: readonly SocketOptionName[] = ['sendKeepalivePacket', 'keepaliveIdle', 'noDelay'];
const buffers = { receiveBufferSize: 'SO_RCVBUF', sendBufferSize: 'SO_SNDBUF' } as const;

/**
 * Does with Node's own methods what they can do.
 * @param why the reason for not having the native backend, for the report
 * @internal
 */
export function applyPlain(
  target: SocketTarget,
  options: ValidatedSocketOptions,
  draft: Draft,
  why: string,
): void {
  for (const option of Object.keys(options) as SocketOptionName[]) {
    if (option === 'resolveName' || option === 'connect') continue;
    if (keptHere.includes(option)) {
      draft.set[option] = options[option];
    } else if (perSocket.includes(option) && target instanceof net.Server) {
      draft.set[option] = options[option];
      draft.perConnection.push(option);
    } else if (perSocket.includes(option) && target instanceof net.Socket && !isPipe(target)) {
      draft.set[option] = options[option];
    } else if (option in buffers && target instanceof dgram.Socket) {
      const name = buffers[option as keyof typeof buffers];
      setPlain(target, name, options[option], why);
      draft.set[option] = options[option];
      draft.actual[option] = getPlain(target, name, why);
    } else {
      const reason = `Node has no call for it, and ${why}`;
      noteUnsupported(draft, option, new SocketOptionUnsupportedError(option, reason));
    }
  }
  if (target instanceof net.Socket && !isPipe(target)) {
    const { sendKeepalivePacket, keepaliveIdle, noDelay } = options;
    // One call for both: the second of two would undo the first.
    if (sendKeepalivePacket !== undefined) {
      target.setKeepAlive(sendKeepalivePacket, (keepaliveIdle ?? 0) * 1000);
    }
    if (noDelay !== undefined) target.setNoDelay(noDelay);
  }
}
