/** The encoders that are written by hand give the very bytes of the generated ones. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { command } from '../../src/codec/commands.ts';
import { frame } from '../../src/codec/frame.ts';
import { appendOrigin } from '../../src/codec/message-body.ts';
import { com } from '../../src/codec/protobuf.ts';
import { encodeAck, encodePush } from '../../src/codec/server-frame.ts';

const { Response } = com.crossoverjie.cim.common.protocol;

const number = fc.maxSafeNat();
const code = fc.nat();
const text = fc.string({ unit: 'binary' });
const bytes = fc.uint8Array({ maxLength: 300 });
const epochHex = fc
  .uint8Array({ minLength: 8, maxLength: 8 })
  .map((epoch) => Buffer.from(epoch).toString('hex'));

/** By the generated encoder; as proto3 wants it, without what is 0 or empty. */
function generated(fields: Readonly<Record<string, number | string | Uint8Array>>): Uint8Array {
  const set = Object.entries(fields).filter(([, value]) => value !== 0 && value !== '');
  return Response.encode(Response.create(Object.fromEntries(set))).finish();
}

function hex(encoded: Uint8Array): string {
  return Buffer.from(encoded).toString('hex');
}

describe('written by hand', () => {
  test('an acknowledgement', () => {
    const acks = fc.record({
      to: number,
      group: text,
      sendSeq: number,
      seq: number,
      code,
      expected: number,
    });
    fc.assert(
      fc.property(acks, (ack) => {
        expect(hex(encodeAck(ack))).toBe(hex(frame(generated({ cmd: command.ack, ...ack }))));
      }),
    );
  });

  test('the origin behind a message', () => {
    const origins = fc.record({ from: number, fromName: text, epochHex, at: number });
    fc.assert(
      fc.property(bytes, origins, (sent, origin) => {
        const { from, fromName, at } = origin;
        const fromEpoch = Buffer.from(origin.epochHex, 'hex');
        const tail = generated({ from, fromName, fromEpoch, at });
        expect(hex(appendOrigin(sent, origin))).toBe(hex(sent) + hex(tail));
      }),
    );
  });

  test("a message with its number in the reader's timeline", () => {
    fc.assert(
      fc.property(bytes, number, (body, seq) => {
        const expected = frame(Buffer.concat([body, generated({ seq })]));
        expect(hex(encodePush(body, seq))).toBe(hex(expected));
      }),
    );
  });
});
