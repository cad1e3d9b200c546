import { EventStream } from '@sluice/event-stream';
import { ForwardSecurity, encodeAck } from '@sluice/forward-protocol';
import {
  createClientContext,
  generateCa,
  issueClientCertificate,
  issueServerCertificate,
} from '@sluice/tls';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  asksForKey,
  ForwardSender,
  speaksTls,
  targetOf,
  type ForwardSenderOptions,
} from '../src/index.js';
import { startServer, temporaryFolder } from './support/server.js';

const record = (n: number): EventStream => EventStream.fromEvents([{ record: { n } }]);

async function connected(options: ForwardSenderOptions): Promise<ForwardSender> {
  const sender = await ForwardSender.connect(options);
  onTestFinished(() => sender.destroy());
  return sender;
}

/** Everything a TLS server and its clients need. */
async function certificates() {
  const folder = temporaryFolder();
  const write = (name: string, text: string): string => {
    const file = path.join(folder, name);
    writeFileSync(file, text);
    return file;
  };
  const ca = await generateCa({ keyType: 'ecdsa', commonName: 'Test CA' });
  const by = {
    keyType: 'ecdsa',
    caCertificate: ca.certificate,
    caPrivateKey: ca.privateKey,
  } as const;
  const server = await issueServerCertificate({ ...by, commonName: 'localhost' });
  const client = await issueClientCertificate(by);
  return {
    ca: ca.certificate,
    caPath: write('ca.pem', ca.certificate),
    server: { cert: server.certificate, key: server.privateKey },
    certPath: write('client.pem', client.certificate),
    privateKeyPath: write('client.key', client.privateKey),
  };
}

test('end resolves when everything is acknowledged, and closes the connection', async () => {
  const to = await startServer({ ack: () => false });
  const sender = await connected({ port: to.port });
  await sender.send('app', record(1));
  await sender.send('app', record(2));
  let done = false;
  const ended = sender.end().then(() => (done = true));
  await to.until(() => to.messages.length === 2);
  expect(done).toBe(false);
  for (const { chunk } of to.messages)
    for (const socket of to.sockets) socket.write(encodeAck(chunk!));
  await ended;
  expect(sender).toMatchObject({ sent: 2, kept: 2 });
  await to.until(() => to.sockets.size === 0);
});

test('no more than a window of chunks is under way', async () => {
  const held: (() => void)[] = [];
  const to = await startServer({
    ack: ({ chunk }, socket) => {
      held.push(() => socket.write(encodeAck(chunk!)));
      return false;
    },
  });
  const sender = await connected({ port: to.port, window: 2 });
  const sent: number[] = [];
  const sending = (async () => {
    for (const n of [1, 2, 3]) {
      await sender.send('app', record(n));
      sent.push(n);
    }
    await sender.end();
  })();
  await to.until(() => held.length === 2);
  expect(to.messages).toHaveLength(2);
  expect(sent).toEqual([1]);
  held[0]();
  await to.until(() => held.length === 3);
  expect(sent[1]).toBe(2);
  held[1]();
  held[2]();
  await sending;
  expect(sender.kept).toBe(3);
});

test('without acks, kept is what the kernel has taken', async () => {
  const to = await startServer();
  const sender = await connected({ port: to.port, ack: false });
  await sender.send('app', record(1));
  await sender.end();
  expect(sender.kept).toBe(1);
  await to.until(() => to.messages.length === 1);
  expect(to.messages[0].chunk).toBeUndefined();
});

test('a Unix socket', async () => {
  const file = path.join(temporaryFolder(), 'forward.sock');
  const to = await startServer({ path: file });
  const sender = await connected({ path: file });
  await sender.send('app', record(1));
  await sender.end();
  expect(to.records()).toEqual([{ n: 1 }]);
});

const secured = (): ForwardSecurity =>
  new ForwardSecurity({
    selfHostname: 'server',
    sharedKey: 'the key',
    userAuth: true,
    users: [{ username: 'u', password: 'p' }],
  });

test('shared key, user and password', async () => {
  const to = await startServer({ security: secured() });
  const handshake = { selfHostname: 'client', sharedKey: 'the key', username: 'u', password: 'p' };
  const sender = await connected({ port: to.port, handshake });
  await sender.send('app', record(1));
  await sender.end();
  expect(to.records()).toEqual([{ n: 1 }]);
  await expect(
    ForwardSender.connect({ port: to.port, handshake: { ...handshake, sharedKey: 'wrong' } }),
  ).rejects.toThrow('shared_key mismatch');
  await expect(
    ForwardSender.connect({ port: to.port, handshake: { ...handshake, password: 'wrong' } }),
  ).rejects.toThrow('username/password mismatch');
});

test('a server that asks for a key which the client does not have', async () => {
  const to = await startServer({ security: secured() });
  const sending = (async () => {
    const sender = await connected({ port: to.port });
    await sender.send('app', record(1));
    await sender.end();
  })();
  await expect(sending).rejects.toMatchObject({
    code: 'ERR_SLUICE_FORWARD_KEY_NEEDED',
    message: 'the server asks for a shared key',
    peer: `127.0.0.1:${to.port}`,
  });
});

test('TLS with a client certificate; without one, the server asks for it', async () => {
  const { ca, caPath, server, certPath, privateKeyPath } = await certificates();
  const to = await startServer({
    tls: { ...server, ca, requestCert: true, rejectUnauthorized: true },
  });
  const own = await createClientContext({ caPath, certPath, privateKeyPath, watch: false });
  const sender = await connected({ host: 'localhost', port: to.port, tls: own });
  await sender.send('app', record(1));
  await sender.end();
  expect(to.records()).toEqual([{ n: 1 }]);
  for (const [version, message] of [
    ['TLSv1_3', 'the server asks for a client certificate'],
    ['TLSv1_2', /perhaps because it asks for a client certificate/],
  ] as const) {
    const without = await createClientContext({ caPath, version, watch: false });
    const sending = (async () => {
      const other = await connected({ host: 'localhost', port: to.port, tls: without });
      // Whatever is under way when the alert comes must not hold the connection open.
      for (let n = 0; n < 100; n++) await other.send('app', record(n));
      await other.end();
    })();
    await expect(sending).rejects.toThrow(message);
  }
  const stranger = await createClientContext({ version: 'TLSv1_3', watch: false });
  await expect(
    ForwardSender.connect({ host: 'localhost', port: to.port, tls: stranger }),
  ).rejects.toMatchObject({ code: 'ERR_SLUICE_FORWARD_CERTIFICATE' });
});

test('TLS to a plain port, with and without a greeting', async () => {
  const tls = await createClientContext({ insecure: true, watch: false });
  for (const security of [undefined, secured()]) {
    const to = await startServer({ ...(security && { security }) });
    await expect(ForwardSender.connect({ port: to.port, tls })).rejects.toMatchObject({
      code: 'ERR_SLUICE_FORWARD_NO_TLS',
    });
  }
});

test('a plain connection to a TLS port ends, and a probe tells why', async () => {
  const { server } = await certificates();
  const to = await startServer({ tls: server });
  const sending = (async () => {
    const sender = await connected({ port: to.port });
    await sender.send('app', record(1));
    await sender.end();
  })();
  await expect(sending).rejects.toThrow();
  expect(await speaksTls(targetOf({ port: to.port }), 5)).toBe(true);
  const plain = await startServer();
  expect(await speaksTls(targetOf({ port: plain.port }), 5)).toBe(false);
});

test('whether a server asks for a key is found out without sending anything', async () => {
  const asking = await startServer({
    onConnection: (socket) => socket.write(Buffer.from([0x92, 0xa4, ...Buffer.from('HELO'), 0x80])),
  });
  expect(await asksForKey(targetOf({ port: asking.port }), 5)).toBe(true);
  const closing = await startServer({ onConnection: (socket) => socket.end() });
  expect(await asksForKey(targetOf({ port: closing.port }), 5)).toBe(false);
});

test('a server that answers in TLS', async () => {
  const to = await startServer({
    onConnection: (socket) =>
      socket.on('data', () => socket.write(Buffer.from('15030100020246', 'hex'))),
  });
  const sender = await connected({ port: to.port });
  await sender.send('app', record(1));
  await expect(sender.end()).rejects.toMatchObject({ code: 'ERR_SLUICE_FORWARD_TLS_NEEDED' });
});

test('nothing listens', async () => {
  const to = await startServer({ onConnection: (socket) => socket.destroy() });
  await expect(ForwardSender.connect({ port: 1 })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  const handshake = { selfHostname: 'client', sharedKey: 'k' };
  await expect(ForwardSender.connect({ port: to.port, handshake })).rejects.toThrow();
});

test('events that were not acknowledged when the server goes away are not counted', async () => {
  const to = await startServer({
    ack: (_message, socket) => {
      if (to.messages.length === 1) return true;
      socket.destroy();
      return false;
    },
  });
  const sender = await connected({ port: to.port, window: 1 });
  await sender.send('app', record(1));
  await expect(sender.send('app', record(2)).then(() => sender.end())).rejects.toThrow(
    'the server closed the connection',
  );
  expect(sender).toMatchObject({ sent: 2, kept: 1 });
});
