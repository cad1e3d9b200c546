import { FluentClient, type FluentClientOptions } from '@fluent-org/logger';
import fluentLogger from 'fluent-logger';
import { expect, onTestFinished, test } from 'vitest';
import { freshPath, until } from './support/client.js';
import { startInput, type Received } from './support/input.js';

const security = `
  <security>
    self_hostname server.test
    shared_key secret
    user_auth true
    <user>
      username ann
      password pass
    </user>
  </security>`;
const transports = {
  tcp: '',
  tls: '<transport tls>\ninsecure true\ngenerate_private_key_type ecdsa\n</transport>',
  unix: 'unix_path',
};
type TransportName = keyof typeof transports;

interface Started extends Received {
  path: string | undefined;
}

async function start(transport: TransportName, secured: boolean): Promise<Started> {
  const path = transport === 'unix' ? freshPath() : undefined;
  const text = path === undefined ? transports[transport] : `unix_path ${path}`;
  const received = await startInput(`${text}\n${secured ? security : ''}`);
  return { ...received, path };
}

const cases = (['tcp', 'tls', 'unix'] as const).flatMap((transport) =>
  [false, true].map((secured) => ({ transport, secured })),
);

test.each(
  cases.flatMap((options) =>
    (['Message', 'Forward', 'PackedForward', 'CompressedPackedForward'] as const).map((mode) => ({
      ...options,
      mode,
    })),
  ),
)('@fluent-org/logger: $mode over $transport, security $secured', async (options) => {
  const { transport, secured, mode } = options;
  const server = await start(transport, secured);
  const clientOptions: FluentClientOptions = {
    eventMode: mode,
    ack: { ackTimeout: 10_000 },
    socket: {
      ...(server.path === undefined
        ? { host: '127.0.0.1', port: server.port }
        : { path: server.path }),
      ...(transport === 'tls' && { tls: { rejectUnauthorized: false } }),
    },
    ...(secured && {
      security: {
        clientHostname: 'client.test',
        sharedKey: 'secret',
        username: 'ann',
        password: 'pass',
      },
    }),
  };
  const client = new FluentClient('app', clientOptions);
  onTestFinished(() => client.shutdown());
  // Each promise is fulfilled by the ack.
  await Promise.all(
    Array.from({ length: 20 }, (_, n) => client.emit('log', { n, text: 'ünïcode' })),
  );
  const events = server.events();
  expect(events.map(({ record }) => record.n).sort((a, b) => Number(a) - Number(b))).toEqual(
    Array.from({ length: 20 }, (_, n) => n),
  );
  expect(new Set(events.map(({ tag }) => tag))).toEqual(new Set(['app.log']));
  expect(events[0].record.text).toBe('ünïcode');
  expect(server.warnings()).toEqual([]);
});

test.each(
  cases
    // This client makes no handshake on a Unix socket.
    .filter(({ transport, secured }) => transport !== 'unix' || !secured)
    .flatMap((options) =>
      (['Message', 'PackedForward', 'CompressedPackedForward'] as const).map((mode) => ({
        ...options,
        mode,
      })),
    ),
)('fluent-logger: $mode over $transport, security $secured', async (options) => {
  const { transport, secured, mode } = options;
  const server = await start(transport, secured);
  const quiet = { info: () => undefined, error: () => undefined };
  const client = fluentLogger.createFluentSender('app', {
    eventMode: mode,
    host: '127.0.0.1',
    port: server.port,
    ...(server.path !== undefined && { path: server.path }),
    requireAckResponse: true,
    flushInterval: 5,
    reconnectInterval: 50,
    internalLogger: quiet,
    ...(transport === 'tls' && { tls: true, tlsOptions: { rejectUnauthorized: false } }),
    ...(secured && {
      security: {
        clientHostname: 'client.test',
        sharedKey: 'secret',
        username: 'ann',
        password: 'pass',
      },
    }),
  });
  const emit = (n: number) =>
    new Promise<void>((resolve, reject) =>
      client.emit('log', { n, text: 'ünïcode' }, (error?: Error) =>
        error === undefined ? resolve() : reject(error),
      ),
    );
  await emit(0);
  await Promise.all([emit(1), emit(2), emit(3)]);
  await new Promise<void>((resolve) => client.end(null as never, null, () => resolve()));
  await until(() => server.events().length === 4);
  expect(server.events().map(({ tag, record }) => [tag, record.n])).toEqual(
    [0, 1, 2, 3].map((n) => ['app.log', n]),
  );
  expect(server.warnings()).toEqual([]);
});
