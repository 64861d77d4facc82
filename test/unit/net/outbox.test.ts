import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { chunkBytesMax } from '../../../src/net/chunk-pool.ts';
import { Outbox } from '../../../src/net/outbox.ts';
import { onTeardown } from '../../support/teardown.ts';

const tail = Buffer.from('|tail');

/** A stream that keeps what was written, by write. */
function recorder(): { stream: PassThrough; writes: Buffer[] } {
  const stream = new PassThrough({ highWaterMark: 1024 * 1024 * 1024 });
  const writes: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => writes.push(Buffer.from(chunk)));
  return { stream, writes };
}

/** Two sockets with a connection between them. */
async function socketPair(): Promise<[Socket, Socket]> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [far] = (await once(server, 'connection')) as [Socket];
  onTeardown(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return [near, far];
}

test('what is written in one turn leaves at its end as one write', async () => {
  const { stream, writes } = recorder();
  const outbox = new Outbox(stream);
  outbox.write(Buffer.from('one '));
  outbox.write(Buffer.from('two '));
  outbox.writeFrame(Buffer.from('<three>'), 1, 6, tail);
  expect(outbox.bufferedBytes).toBe(8 + 11);
  expect(outbox.queuedBytes).toBe(8 + 11);
  await nextTurn();
  await nextTurn();
  expect(writes.map(String)).toEqual(['one two \x0athree|tail']);
  expect(outbox.bufferedBytes).toBe(0);
});

test('what is alone is written as it is, without a copy', async () => {
  const { stream } = recorder();
  const written: unknown[] = [];
  const write = stream.write.bind(stream);
  stream.write = ((chunk: Buffer) => {
    written.push(chunk);
    return write(chunk);
  }) as typeof stream.write;
  const shared = Buffer.from('for many');
  new Outbox(stream).write(shared);
  await nextTurn();
  expect(written[0]).toBe(shared);
});

test.each([1, 100, 2_000, 20_000, chunkBytesMax - 1, chunkBytesMax, chunkBytesMax + 1, 300_000])(
  'frames of %i bytes, and small ones between, arrive whole and in order',
  async (size) => {
    const { stream, writes } = recorder();
    const outbox = new Outbox(stream);
    const expected: Buffer[] = [];
    for (let index = 0; index < 7; index++) {
      const large = Buffer.alloc(size, 65 + index);
      outbox.write(large);
      expected.push(large);
      const before = outbox.queuedBytes;
      outbox.writeFrame(large, 0, large.length, tail);
      const length = outbox.queuedBytes - before - large.length - tail.length;
      expected.push(Buffer.alloc(length, 0), large, tail);
      outbox.write(Buffer.of(index));
      expected.push(Buffer.of(index));
    }
    await nextTurn();
    await nextTurn();
    const arrived = Buffer.concat(writes);
    let offset = 0;
    for (const part of expected) {
      const found = arrived.subarray(offset, offset + part.length);
      // A length is not compared here: the frame behind it is.
      if (part.some((byte) => byte !== 0)) expect(found.equals(part)).toBe(true);
      offset += part.length;
    }
    expect(arrived).toHaveLength(offset);
  },
);

test('what a socket could not pass on at once is not written over by what comes later', async () => {
  const [near, far] = await socketPair();
  const outbox = new Outbox(near);
  far.pause();
  const received: Buffer[] = [];
  const rounds = 400;
  for (let round = 0; round < rounds; round++) {
    const bytes = Buffer.alloc(20_000, round % 256);
    outbox.writeFrame(bytes, 0, bytes.length, tail);
    await nextTurn();
  }
  expect(near.writableLength).toBeGreaterThan(0);
  const frameBytes = 3 + 20_000 + tail.length;
  const { promise: arrived, resolve } = Promise.withResolvers<void>();
  let missing = rounds * frameBytes;
  far.on('data', (chunk: Buffer) => {
    received.push(chunk);
    missing -= chunk.length;
    if (missing === 0) resolve();
  });
  far.resume();
  await arrived;
  const all = Buffer.concat(received);
  for (let round = 0; round < rounds; round++) {
    const start = round * frameBytes + 3;
    const frame = all.subarray(start, start + 20_000);
    expect(frame.equals(Buffer.alloc(20_000, round % 256))).toBe(true);
  }
});

test('a stream that has ended is written nothing, and that is no failure', async () => {
  const { stream, writes } = recorder();
  const outbox = new Outbox(stream);
  stream.end();
  outbox.writeFrame(Buffer.from('late'), 0, 4, tail);
  outbox.write(Buffer.from('later'));
  await nextTurn();
  await nextTurn();
  expect(writes).toEqual([]);
});
