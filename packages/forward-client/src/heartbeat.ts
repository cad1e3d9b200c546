import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { connect, type Target } from './connect.js';

/** Sends heartbeats to one server. */
export interface Heartbeat {
  /** Sends one, unless the one before is still under way. */
  send(): void;
  /** Ends it: nothing is sent, and nothing told, afterwards. */
  close(): void;
}

/** Told when a server has answered, or has refused. */
export interface HeartbeatEvents {
  /** The server has answered. */
  alive(): void;
  /** The server could not be reached, or has refused. */
  refused(error: Error): void;
}

/** Connects, with TLS where it is configured, and closes. Fluentd: `heartbeat_type transport`. */
export function transportHeartbeat(
  target: Target,
  timeout: number,
  events: HeartbeatEvents,
): Heartbeat {
  let abort: AbortController | undefined;
  const once = async (): Promise<void> => {
    abort = new AbortController();
    const timer = setTimeout(() => abort!.abort(new Error('heartbeat timed out')), timeout);
    try {
      const socket = await connect(target, abort.signal);
      socket.on('error', () => undefined); // it has answered already
      socket.resume();
      socket.end();
      setTimeout(() => socket.destroy(), timeout).unref();
      events.alive();
    } catch (error) {
      events.refused(error as Error);
    } finally {
      clearTimeout(timer);
      abort = undefined;
    }
  };
  return {
    send: () => {
      if (abort === undefined) void once();
    },
    close: () => abort?.abort(new Error('stopped')),
  };
}

/** Sends a datagram and waits for any answer. Fluentd: `heartbeat_type udp`. */
export function udpHeartbeat(target: Target, events: HeartbeatEvents): Heartbeat {
  let socket: DatagramSocket | undefined;
  let closed = false;
  const send = async (): Promise<void> => {
    try {
      const [{ address, family }] = await target.addresses.all();
      if (closed) return;
      if (socket === undefined) {
        socket = createSocket(family === 6 ? 'udp6' : 'udp4');
        socket.unref();
        socket.on('message', (_data, from) => {
          if (from.port === target.port) events.alive();
        });
        socket.on('error', (error) => {
          socket?.close();
          socket = undefined;
          events.refused(error);
        });
      }
      socket.send(Buffer.of(0), target.port, address, (error) => {
        if (error !== null) events.refused(error);
      });
    } catch (error) {
      events.refused(error as Error);
    }
  };
  return {
    send: () => void send(),
    close: () => {
      closed = true;
      socket?.close();
      socket = undefined;
    },
  };
}
