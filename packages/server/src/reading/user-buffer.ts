import { Socket } from 'node:net';

/**
 * Takes `size` bytes that lie at the beginning of `buffer`; false stops the reading until the
 * stream is read or resumed.
 */
export type OnRead = (size: number, buffer: Buffer) => boolean;

/** Where a `net.Socket` keeps what its option `onread` said. */
interface Slots {
  readonly buffer: symbol;
  readonly callback: symbol;
  readonly next: symbol;
}

/** The handle of a socket, as far as it is needed here. */
interface Handle {
  useUserBuffer?: (buffer: Uint8Array) => void;
}

const slots = findSlots();

/**
 * Lets a socket that is open already read into the caller's buffers, as the option `onread` does
 * for one that is made: Node has no way to give that option to accepted sockets, and leaves it out
 * for a `TLSSocket` over another socket.
 *
 * The socket keeps no reference that outlives the next read, so the caller holds `first`, and what
 * `next` gives after each read, until it has given another or the socket is closed.
 *
 * @returns false where this Node.js or this socket cannot do it; nothing has been changed then
 */
export function readIntoBuffers(
  socket: Socket,
  first: Buffer,
  onRead: OnRead,
  next: () => Buffer,
): boolean {
  const handle = (socket as unknown as { _handle: Handle | null })._handle;
  if (slots === undefined || typeof handle?.useUserBuffer !== 'function') return false;
  const fields = socket as unknown as Record<symbol, unknown>;
  fields[slots.callback] = onRead;
  fields[slots.next] = next;
  fields[slots.buffer] = first;
  handle.useUserBuffer(first);
  return true;
}

/** Looks by value, not by name, where a socket puts the parts of the option. */
function findSlots(): Slots | undefined {
  const buffer = new Uint8Array(1);
  const next = (): Uint8Array => buffer;
  const callback = (): boolean => true;
  const fixed = slotOf({ buffer, callback }, buffer);
  const changing = slotOf({ buffer: next, callback }, next);
  const called = slotOf({ buffer, callback }, callback);
  if (fixed === undefined || changing === undefined || called === undefined) return undefined;
  return { buffer: fixed, next: changing, callback: called };
}

function slotOf(onread: object, value: unknown): symbol | undefined {
  const socket = new Socket({ onread } as object);
  const found = Object.getOwnPropertySymbols(socket).filter(
    (symbol) => (socket as unknown as Record<symbol, unknown>)[symbol] === value,
  );
  return found.length === 1 ? found[0] : undefined;
}
