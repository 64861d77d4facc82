/** An S3 that says nothing is not waited for for ever; a client that is slow is not the S3's fault. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { ignore } from '../../../src/base/ignore.ts';
import { limits } from '../../../src/base/limits.ts';
import { S3Blobs } from '../../../src/files/s3/s3-blobs.ts';
import { sha256 } from '../../support/file-uploads.ts';
import { onTeardown } from '../../support/teardown.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { waitUntil } from '../../support/wait-until.ts';

async function start(serve: (request: IncomingMessage, response: ServerResponse) => void) {
  const clock = new VirtualClock();
  const server = createServer(serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTeardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const names = { bucket: 'files', region: 'test-1', key: 'k', secret: 's' };
  return { clock, blobs: S3Blobs.open({ url, ...names, clock }) };
}

const bytes = Buffer.alloc(100_000, 'x');
const content = { bytes: bytes.length, sha256: sha256(bytes) };
const blob = { file: 'ab12', part: '0-x' };
const silentFor = 20 * limits.s3SilenceMsMax;

test('a client that sends slowly is waited for', async () => {
  let come = 0;
  const { clock, blobs } = await start((request, response) => {
    request.on('data', ({ length }: Buffer) => {
      come += length;
    });
    request.on('end', () => response.end());
  });
  let goOn = () => {};
  const waits = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  async function* slowly() {
    yield bytes.subarray(0, 50_000);
    await waits;
    yield bytes.subarray(50_000);
  }
  const putting = blobs.put(blob, slowly(), content);
  await waitUntil('half of it has come', () => come === 50_000);
  await clock.advance(silentFor);
  goOn();
  await putting;
  expect(come).toBe(100_000);
  expect(blobs.problem).toBeNull();
});

test('a reader that takes its time gets all of it', async () => {
  const large = Buffer.alloc(20_000_000, 'y');
  const { clock, blobs } = await start((_, response) => void response.writeHead(206).end(large));
  const read = await blobs.read(blob, 0, large.length);
  if (!read) throw new Error('it is there');
  const pieces: Buffer[] = [];
  for await (const piece of read) {
    pieces.push(piece as Buffer);
    if (pieces.length > 1) continue;
    const isFull = () => read.readableLength >= read.readableHighWaterMark;
    await waitUntil('nothing more is read ahead', isFull);
    await clock.advance(silentFor);
  }
  expect(Buffer.concat(pieces).equals(large)).toBe(true);
  expect(blobs.problem).toBeNull();
});

describe('an S3 that says nothing does not answer:', () => {
  const isSilent = { kind: 'busy', message: 'the S3 for files does not answer' };

  /** Until it ends, time passes. */
  async function whileTimePasses(clock: VirtualClock, ending: Promise<unknown>) {
    let isOver = false;
    const over = ending.finally(() => {
      isOver = true;
    });
    over.catch(ignore('it is for who waits'));
    await waitUntil('it has ended', async () => {
      await clock.advance(limits.s3SilenceMsMax);
      return isOver ? true : null;
    });
    return over;
  }

  test('to what was sent', async () => {
    const { clock, blobs } = await start((request) => request.resume());
    async function* whole() {
      yield bytes;
    }
    const putting = whileTimePasses(clock, blobs.put(blob, whole(), content));
    await expect(putting).rejects.toMatchObject(isSilent);
    expect(blobs.problem).toBe(isSilent.message);
  });

  test('and takes nothing of what is sent', async () => {
    const { clock, blobs } = await start((request) => request.pause());
    async function* endless() {
      for (;;) yield Buffer.alloc(1_000_000);
    }
    const putting = whileTimePasses(clock, blobs.put(blob, endless(), { bytes: 1e12, sha256: '' }));
    await expect(putting).rejects.toMatchObject(isSilent);
  });

  test('in the middle of what is read', async () => {
    const { clock, blobs } = await start((_, response) => {
      response.writeHead(206).write(bytes);
    });
    const read = await blobs.read(blob, 0, 1e6);
    const reading = (async () => {
      for await (const _ of read ?? []);
    })();
    await expect(whileTimePasses(clock, reading)).rejects.toMatchObject(isSilent);
    expect(blobs.problem).toBe(isSilent.message);
  });

  test('in the middle of a list', async () => {
    const { clock, blobs } = await start((_, response) => {
      response.writeHead(200).write('<List');
    });
    await expect(whileTimePasses(clock, blobs.remove('ab12'))).rejects.toMatchObject(isSilent);
  });
});

test('what nobody reads is let go', async () => {
  let isGone = false;
  const { blobs } = await start((_, response) => {
    response.on('close', () => {
      isGone = true;
    });
    response.writeHead(206).write(bytes);
  });
  const read = await blobs.read(blob, 0, 1e6);
  read?.destroy();
  await waitUntil('its connection has ended', () => isGone);
});
