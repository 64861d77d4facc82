// Goal: the network fails as networks do, and TCP stays TCP: in order, without holes. Method: a
// machine that records, under a virtual clock.
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ByteStreamEvents, Transport } from '../../../src/client/sdk/index.ts';
import { FragileNetwork } from '../../../src/verify/fragile-network.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

let clock: VirtualClock;
let network: FragileNetwork;
/** What the machine got to do, and what the device was told. */
let machine: string[];
let told: string[];
let far: ByteStreamEvents;

const transport: Transport = {
  open({ host, port }, events) {
    machine.push(`open ${host}:${port}`);
    far = events;
    return {
      bufferedBytes: 0,
      write: (bytes) => machine.push(`write ${bytes}`),
      close: async () => void machine.push('close'),
    };
  },
};
const events: ByteStreamEvents = {
  opened: () => told.push('opened'),
  received: (bytes) => told.push(`received ${bytes}`),
  ended: (reason) => told.push(`ended: ${reason}`),
};

beforeEach(() => {
  clock = new VirtualClock();
  machine = [];
  told = [];
  const http = { request: async (url: string) => `answer of ${url}` };
  network = new FragileNetwork({ transport, http }, clock);
});

function open() {
  const stream = network.transport.open({ host: 'host', port: 1, tls: false }, events);
  far.opened();
  machine.length = 0;
  told.length = 0;
  return stream;
}

function call() {
  return network.http.request('url', { method: 'GET', headers: {}, timeoutMs: 5_000 });
}

describe('a connection', () => {
  test('passes everything at once while all is well', async () => {
    const stream = open();
    stream.write(Uint8Array.of(1));
    far.received(Uint8Array.of(2));
    far.ended('over');
    expect(machine).toEqual(['write 1']);
    expect(told).toEqual(['received 2', 'ended: over']);
    expect(await call()).toBe('answer of url');
  });

  test('silent: nothing passes and nobody is told; then all of it, in order, though the device has closed', async () => {
    const stream = open();
    network.become('silent');
    stream.write(Uint8Array.of(1));
    const shared = Uint8Array.of(2);
    far.received(shared);
    shared[0] = 9;
    stream.write(Uint8Array.of(3));
    await clock.advance(60_000);
    expect([machine, told]).toEqual([[], []]);
    network.become('up');
    expect(machine).toEqual(['write 1', 'write 3']);
    expect(told).toEqual(['received 2']);

    network.become('silent');
    stream.write(Uint8Array.of(4));
    void stream.close();
    far.received(Uint8Array.of(5));
    network.become('up');
    expect(machine.slice(2)).toEqual(['write 4', 'close']);
    expect(told).toEqual(['received 2']);
  });

  test('cut: the device is told, and another connection can be made', async () => {
    open();
    network.cut();
    await Promise.resolve();
    expect(told).toEqual(['ended: the connection was reset']);
    expect(machine).toEqual(['close']);
    open();
  });

  test('down: none can be made', async () => {
    network.become('down');
    network.transport.open({ host: 'host', port: 1, tls: false }, events);
    expect(told).toEqual([]);
    await Promise.resolve();
    expect(told).toEqual(['ended: the network is down']);
    await expect(call()).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test('abandoned: it ends, and the device is not told', async () => {
    const stream = open();
    network.abandon();
    await Promise.resolve();
    stream.write(Uint8Array.of(1));
    expect([machine, told]).toEqual([['close'], []]);
  });

  test('slow: everything comes later, and in order also when it is quick again', async () => {
    const stream = open();
    network.delay(100);
    stream.write(Uint8Array.of(1));
    await clock.advance(50);
    network.delay(0);
    stream.write(Uint8Array.of(2));
    expect(machine).toEqual([]);
    await clock.advance(60);
    expect(machine).toEqual(['write 1', 'write 2']);
  });

  test('a call over a silent network has no answer in its time', async () => {
    network.become('silent');
    const answer = expect(call()).rejects.toMatchObject({ kind: 'unavailable' });
    await clock.advance(5_000);
    await answer;
  });
});
