// Goal: of a cim client a server takes frames in the one way in which everybody reads them, and ends
// its connection for any other, before anybody else is told; of a Java client it takes what protobuf
// allows. Method: a gateway, and frames written by hand.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { command } from '../../../src/codec/commands.ts';
import { frame } from '../../../src/codec/frame.ts';
import { com } from '../../../src/codec/protobuf.ts';
import { VarintReader } from '../../../src/codec/varint.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { cimLogin, GatewayHarness, message, type Peer } from './support/gateway-harness.ts';

let harness: GatewayHarness;

beforeEach(() => {
  harness = new GatewayHarness();
});

/** The frame with its length in a byte more than it needs. */
function withLongLength(frame: Uint8Array): Uint8Array {
  const length = new VarintReader(frame);
  length.next();
  const last = (frame[length.offset - 1] as number) | 0x80;
  return Buffer.concat([
    frame.subarray(0, length.offset - 1),
    Buffer.of(last, 0),
    frame.subarray(length.offset),
  ]);
}

function framed(...bytes: number[]): Uint8Array {
  return Uint8Array.of(bytes.length, ...bytes);
}

async function expectRefused(peer: Peer, because: string): Promise<void> {
  const end = await peer.when(({ cmd }) => cmd === command.close);
  expect(end).toMatchObject({ code: 302, reason: expect.stringContaining(because) });
  await peer.whenEnded();
  expect(harness.submits.entries).toEqual([]);
  expect(harness.transients.entries).toEqual([]);
}

const { Request } = com.crossoverjie.cim.common.protocol;

describe('a cim client', () => {
  const text = [0x0a, 0x02, 0x68, 0x69];
  const toUser2 = [0xa8, 0x01, 0x02];
  const first = [0xb8, 0x01, 0x01];

  test.each([
    // The text's length in six bytes: servers stored it once, and it ended whoever was shown it.
    [
      'a length',
      [0x0a, 0x82, 0x80, 0x80, 0x80, 0x80, 0x00, 0x68, 0x69, 0x18, 1, ...toUser2, ...first],
    ],
    ['a tag', [...text, 0x18, 1, 0xa8, 0x81, 0x80, 0x80, 0x80, 0x00, 0x02, ...first]],
    ['a number', [...text, 0x18, 1, ...toUser2, 0xb8, 0x01, 0x81, 0x80, 0x00]],
    ['the command', [...text, 0x18, 0x81, 0x00, ...toUser2, ...first]],
    [
      'the number of a transient message',
      [...text, 0x18, 1, ...toUser2, 0xe0, 0x01, 1, 0xb8, 0x01, 0x81, 0x00],
    ],
  ])('is ended for a message with %s in more bytes than it needs', async (_, bytes) => {
    const peer = await harness.cim();
    peer.write(framed(...bytes));
    await expectRefused(peer, 'more bytes than it needs');
  });

  test('is ended for a frame whose length has more bytes than it needs, however it comes', async () => {
    const peer = await harness.cim();
    peer.write(withLongLength(message(1)));
    await expectRefused(peer, 'more bytes than it needs');
    const slow = await harness.cim(2);
    for (const byte of withLongLength(message(1, 'x'.repeat(200)))) slow.write(Uint8Array.of(byte));
    await expectRefused(slow, 'more bytes than it needs');
    const late = harness.connect();
    late.write(withLongLength(cimLogin(3)));
    await expectRefused(late, 'more bytes than it needs');
  });

  test.each([
    ['a ping', [0x18, 0x02, 0x10, 0x81, 0x00]],
    ['a page', [0x18, 0x10, 0xc8, 0x01, 0x81, 0x00]],
    ['an acknowledgement', [0x18, 0x11, 0xc8, 0x01, 0x81, 0x00]],
  ])('is ended for %s that is written so', async (_, bytes) => {
    const peer = await harness.cim();
    peer.write(framed(...bytes));
    await expectRefused(peer, 'more bytes than it needs');
  });

  test('is not let in with a login that is written so', async () => {
    const peer = harness.connect();
    peer.write(framed(0x10, 0x81, 0x00, 0x80, 0x01, 0x01));
    await peer.whenEnded();
    expect(harness.opens.entries).toEqual([]);
  });
});

describe('a Java client', () => {
  test('is let in, and heard, with numbers in more bytes than they need', async () => {
    const java = harness.connect();
    // User 2, whose name is user-2, in fields of two bytes more; nothing of it is passed on.
    const name = [...Buffer.from('user-2')];
    java.write(withLongLength(framed(0x0a, 0x86, 0x00, ...name, 0x10, 0x82, 0x80, 0x00)));
    const ping = [0x18, 0x82, 0x00, 0x10, 0x82, 0x00];
    java.write(withLongLength(framed(...ping)));
    await java.when(({ cmd }) => cmd === command.ping);
    await waitUntil('the login is asked for', () => harness.opens.entries.length > 0);
    expect(harness.opens.entries).toMatchObject([{ userId: 2, userName: 'user-2', device: '' }]);
  });

  test('may say what a cim client may not', async () => {
    const java = await harness.java();
    // An id below zero takes ten bytes; an unknown field, and one of servers.
    const ping = Request.encode({ cmd: command.ping, requestId: -1, reqMsg: 'ping' }).finish();
    java.write(frame(ping));
    java.write(framed(0x18, 0x02, 0xc0, 0x02, 0x07, 0xf8, 0x3f, 0x01));
    await java.when(() => java.received(command.ping).length === 2);
    expect(java.ended).toBe(false);
  });
});
