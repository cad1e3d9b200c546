import { expect, test, describe } from 'vitest';
import { applySocketOptions, SendProgress, sendQueueOf } from '../src/index.js';
import { connect, listen, until, withBackend, type Pair } from './support.js';

/** A connection whose peer takes next to nothing, with 300 kB in the kernel's Send-Q. */
async function stuckInKernel(): Promise<Pair> {
  const server = await listen();
  applySocketOptions(server, { receiveBufferSize: 4096, sendBufferSize: 1_000_000 });
  const pair = await connect(server);
  applySocketOptions(pair.client, { receiveBufferSize: 4096 });
  pair.socket.write(Buffer.alloc(300_000));
  await until(() => pair.socket.writableLength === 0, 'the kernel to take it all');
  return pair;
}

describe('with the native backend', () => {
  withBackend('native');

  test('says what the kernel holds until the peer has taken it', async () => {
    const { socket, client } = await stuckInKernel();
    const { inProcess, inKernel } = sendQueueOf(socket);
    expect(inProcess).toBe(0);
    expect(inKernel).toBeGreaterThan(200_000);
    client.resume();
    await until(() => sendQueueOf(socket).inKernel === 0, 'the peer to take it all');
  });

  test('a closed socket has no Send-Q that could be known', async () => {
    const { socket } = await connect();
    socket.destroy();
    expect(sendQueueOf(socket)).toEqual({ inProcess: 0, inKernel: undefined });
  });

  test('what is stuck in the kernel is not progress', async () => {
    const { socket, client } = await stuckInKernel();
    const progress = new SendProgress(0);
    expect(progress.stalledFor(socket, 0)).toBe(0);
    expect(progress.stalledFor(socket, 700)).toBe(700);
    client.resume();
    await until(() => sendQueueOf(socket).inKernel === 0, 'the peer to take it all');
    expect(progress.stalledFor(socket, 1000)).toBe(0);
    expect(progress.stalledFor(socket, 9000)).toBe(0); // nothing waits
  });
});

describe('with the plain backend', () => {
  withBackend('plain');

  test('says what waits in the process, and that the kernel is unknown', async () => {
    const { socket } = await connect();
    socket.write(Buffer.alloc(32 * 1024 * 1024));
    const { inProcess, inKernel } = sendQueueOf(socket);
    expect(inProcess).toBeGreaterThan(1_000_000);
    expect(inKernel).toBeUndefined();
    const progress = new SendProgress(0);
    expect(progress.stalledFor(socket, 0)).toBe(0);
    expect(progress.stalledFor(socket, 700)).toBe(700);
  });
});
