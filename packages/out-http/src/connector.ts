import { connect as connectTcp } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import type { ClientTls } from '@sluice/tls';
import type { buildConnector } from 'undici';

export interface ConnectorOptions {
  /** Milliseconds to connect. */
  readonly openTimeout: number;
  /** Milliseconds for the TLS handshake. */
  readonly sslTimeout: number;
  /** Who is trusted; known before an endpoint of https is connected to. */
  readonly tls: () => ClientTls | undefined;
  /** The name that a server's certificate has to be for, where it is not the host. */
  readonly nameOf: (host: string, port: number) => string | undefined;
}

/** Connects for undici, with the TLS of all other outputs: same verification, files read again. */
export function connector(options: ConnectorOptions): buildConnector.connector {
  return ({ hostname, port, protocol }, callback) => {
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    const secure = protocol === 'https:';
    const where = { host, port: Number(port) || (secure ? 443 : 80) };
    const context = secure ? options.tls() : undefined;
    if (secure && context === undefined) {
      callback(new Error('there is no TLS context for https'), null);
      return;
    }
    const name = options.nameOf(host, where.port) ?? host;
    const socket =
      context === undefined
        ? connectTcp(where)
        : connectTls({ ...where, ...context.connectOptions(name) });
    let settled = false;
    const settle = (error: Error | undefined): void => {
      clearTimeout(timer);
      if (settled) return;
      settled = true;
      if (error === undefined) callback(null, socket);
      else {
        socket.destroy();
        callback(error, null);
      }
    };
    let timer = limit(options.openTimeout, 'open_timeout', settle);
    socket.setNoDelay(true);
    socket.on('error', settle);
    socket.once('close', () => settle(new Error('the server has closed the connection')));
    socket.once('connect', () => {
      clearTimeout(timer);
      if (context === undefined) settle(undefined);
      else timer = limit(options.sslTimeout, 'ssl_timeout', settle);
    });
    if (context === undefined || !(socket instanceof TLSSocket)) return;
    socket.once('secureConnect', () => {
      void Promise.resolve(context.verifyPeer(socket, name)).then((verdict) => {
        const refused = verdict.ok ? undefined : `the certificate is refused: ${verdict.reason}`;
        settle(refused === undefined ? undefined : new Error(refused));
      }, settle);
    });
  };
}

function limit(milliseconds: number, name: string, fail: (error: Error) => void): NodeJS.Timeout {
  const late = (): void =>
    fail(new Error(`no connection within ${name}, ${milliseconds / 1000} s`));
  return setTimeout(late, milliseconds);
}
