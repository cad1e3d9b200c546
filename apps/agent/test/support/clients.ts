import { FluentClient, type EventModes } from '@fluent-org/logger';
import fluentLogger from 'fluent-logger';

/** A client's own certificate and key (PEM), or no verification. */
export interface TlsOptions {
  cert?: string;
  key?: string;
  rejectUnauthorized?: boolean;
}

/** Where and how a client of npm connects. */
export interface Target {
  port: number;
  /** PEM of the CA to trust; TLS where it is there. */
  ca?: string | undefined;
  /** More options for `tls.connect`; TLS where they are there. */
  tls?: TlsOptions | undefined;
  mode: EventModes;
  ack: boolean;
  security?: { clientHostname: string; sharedKey: string; username?: string; password?: string };
}

/** Sends the records in their order and resolves when the client says that they have been sent. */
export type Send = (tag: string, records: object[], target: Target) => Promise<void>;

/** Milliseconds, below the 60 s that a test has: on a slow machine the agent behind may start first. */
const ackTimeout = 50_000;

function tlsOf({ ca, tls }: Target) {
  if (ca === undefined && tls === undefined) return undefined;
  return { servername: 'localhost', ...(ca !== undefined && { ca }), ...tls };
}

/** The client `@fluent-org/logger`. */
export const fluentOrg: Send = async (tag, records, target) => {
  const client = new FluentClient(tag, {
    eventMode: target.mode,
    socket: {
      host: '127.0.0.1',
      port: target.port,
      ...(tlsOf(target) && { tls: tlsOf(target) }),
    },
    ...(target.ack && { ack: { ackTimeout } }),
    ...(target.security && { security: target.security }),
    disableAutoconnect: true,
  });
  await client.connect();
  await Promise.all(records.map((record) => client.emit(record as Record<string, unknown>)));
  await client.disconnect();
};

/** The client `fluent-logger`, which has no Forward mode. */
export const fluentLoggerClient: Send = async (tag, records, target) => {
  const quiet = { info: () => undefined, error: () => undefined };
  const sender = fluentLogger.createFluentSender(tag, {
    host: '127.0.0.1',
    port: target.port,
    eventMode: target.mode as 'Message' | 'PackedForward' | 'CompressedPackedForward',
    requireAckResponse: target.ack,
    ackResponseTimeout: ackTimeout,
    flushInterval: 10,
    tls: tlsOf(target) !== undefined,
    ...(tlsOf(target) && { tlsOptions: tlsOf(target) }),
    ...(target.security && { security: target.security as never }),
    internalLogger: quiet as never,
    enableReconnect: false,
  } as never);
  await Promise.all(
    records.map(
      (record) =>
        new Promise<void>((resolve, reject) => {
          sender.emit(record, (error?: Error | null) => {
            if (!error) resolve();
            else reject(error);
          });
        }),
    ),
  );
  await new Promise<void>((resolve) => {
    sender.end(null as never, null, () => resolve());
  });
};
