import type { Socket } from 'node:dgram';
import type { DatagramPeer } from './options.js';

/**
 * Pins a UDP socket to one peer with connect(2): from then on the kernel drops what others send.
 * Datagrams that were in its queue before still come, so look at the first ones' `rinfo` where
 * that matters. A socket that is not bound yet is bound; one that is connected is moved.
 *
 * The socket emits `connect`, or `error` where the name cannot be found or the kernel refuses.
 */
export function connectDatagram(socket: Socket, peer: DatagramPeer): void {
  try {
    const { address, port } = socket.remoteAddress();
    if (address === peer.address && port === peer.port) return;
    socket.disconnect();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SOCKET_DGRAM_NOT_CONNECTED') throw error;
  }
  socket.connect(peer.port, peer.address);
}
