import { FluentClient, type EventModes } from '@fluent-org/logger';
import fluentLogger from 'fluent-logger';

/** Where and how a client of npm connects. */
export interface Target {
  port: number;
  /** PEM of the CA to trust; TLS where it is there. */
  ca?: string | undefined;
  mode: EventModes;
  ack: boolean;
  security?: { clientHostname: string; sharedKey: string; username?: string; password?: string };
}

/** Sends the records in their order and resolves when the client says that they have been sent. */
export type Send = (tag: string, records: object[], target: Target) => Promise<void>;

/** The client `@fluent-org/logger`. */
export const fluentOrg: Send = async (tag, records, target) => {
  const client = new FluentClient(tag, {
    eventMode: target.mode,
    socket: {
      host: '127.0.0.1',
      port: target.port,
      ...(target.ca && { tls: { ca: target.ca, servername: 'localhost' } }),
    },
    ...(target.ack && { ack: { ackTimeout: 15_000 } }),
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
    ackResponseTimeout: 15_000,
    flushInterval: 10,
    tls: target.ca !== undefined,
    ...(target.ca && { tlsOptions: { ca: target.ca, servername: 'localhost' } }),
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
