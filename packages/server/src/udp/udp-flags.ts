import { ServerArgumentError } from '../errors.js';

/** The `MSG_*` options that this platform's `recv(2)` may have. */
export type MessageFlag =
  | 'MSG_OOB'
  | 'MSG_PEEK'
  | 'MSG_DONTROUTE'
  | 'MSG_TRUNC'
  | 'MSG_DONTWAIT'
  | 'MSG_WAITALL'
  | 'MSG_CMSG_CLOEXEC'
  | 'MSG_NOSIGNAL'
  | 'MSG_ERRQUEUE';

// Linux: include/linux/socket.h. macOS and FreeBSD: sys/socket.h.
const linux: Partial<Record<MessageFlag, number>> = {
  MSG_OOB: 0x1,
  MSG_PEEK: 0x2,
  MSG_DONTROUTE: 0x4,
  MSG_TRUNC: 0x20,
  MSG_DONTWAIT: 0x40,
  MSG_WAITALL: 0x100,
  MSG_ERRQUEUE: 0x2000,
  MSG_NOSIGNAL: 0x4000,
  MSG_CMSG_CLOEXEC: 0x40000000,
};
const bsd: Partial<Record<MessageFlag, number>> = {
  MSG_OOB: 0x1,
  MSG_PEEK: 0x2,
  MSG_DONTROUTE: 0x4,
  MSG_TRUNC: 0x10,
  MSG_WAITALL: 0x40,
  MSG_DONTWAIT: 0x80,
};

/** The numbers of this platform, to be or-ed together for `flags`. */
export const messageFlags: Readonly<Partial<Record<MessageFlag, number>>> =
  process.platform === 'linux' ? linux : bsd;

/**
 * What Node's way of reading datagrams keeps anyway: it never blocks (DONTWAIT), takes one whole
 * datagram (WAITALL has no effect on those), receives no descriptors (CMSG_CLOEXEC), raises no
 * SIGPIPE (NOSIGNAL), and knows the real length of a datagram that is cut (TRUNC: the peer's
 * `size`).
 */
const kept = new Set<MessageFlag>([
  'MSG_DONTWAIT',
  'MSG_WAITALL',
  'MSG_CMSG_CLOEXEC',
  'MSG_NOSIGNAL',
  'MSG_TRUNC',
]);

const reasons: Partial<Record<MessageFlag, string>> = {
  MSG_PEEK: 'Node always takes the datagram out of the queue',
  MSG_OOB: 'UDP has no out-of-band data',
  MSG_ERRQUEUE: 'Node does not read the error queue',
  MSG_DONTROUTE: 'it is an option of sending',
};

/** Throws for a flag that would not be kept. @internal */
export function checkFlags(flags: unknown): void {
  if (flags === undefined || flags === 0) return;
  const names = typeof flags === 'number' ? namesOf(flags) : flags;
  if (!Array.isArray(names)) {
    throw new ServerArgumentError('flags must be a number or an array of names', 'flags', flags);
  }
  for (const name of names as MessageFlag[]) {
    if (kept.has(name)) continue;
    const reason = reasons[name] ?? 'unknown flag';
    throw new ServerArgumentError(`flags: ${name} is not available: ${reason}`, 'flags', flags);
  }
}

function namesOf(flags: number): string[] {
  if (!Number.isSafeInteger(flags) || flags < 0) {
    throw new ServerArgumentError('flags must not be negative', 'flags', flags);
  }
  const names: string[] = [];
  let rest = flags;
  for (const [name, bit] of Object.entries(messageFlags)) {
    if ((flags & bit) === 0) continue;
    names.push(name);
    rest &= ~bit;
  }
  if (rest !== 0) names.push(`0x${rest.toString(16)}`);
  return names;
}
