import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { assertClientFields, decodeLogin } from '../../../src/codec/client-frame.ts';
import { command } from '../../../src/codec/commands.ts';
import { com } from '../../../src/codec/protobuf.ts';
import { ProtocolError } from '../../../src/codec/protocol-error.ts';
import { bytes } from './golden-frames.ts';

const { Request, Response } = com.crossoverjie.cim.common.protocol;

const message = Request.encode({ cmd: command.message, reqMsg: 'hi', to: 5, sendSeq: 1 }).finish();

function withTail(tailHex: string): Uint8Array {
  return Uint8Array.from([...message, ...bytes(tailHex)]);
}

describe('what a cim client may send', () => {
  test('its own fields, each once', () => {
    expect(() => assertClientFields(message)).not.toThrow();
  });

  test.each([
    ['the sender', Response.encode({ from: 7 }).finish()],
    ["the sender's name", Response.encode({ fromName: 'eve' }).finish()],
    ["the sender's epoch", Response.encode({ fromEpoch: new Uint8Array(8) }).finish()],
    ['the number', Response.encode({ seq: 1 }).finish()],
    ['properties', Response.encode({ properties: { sendUserId: '7' } }).finish()],
    ['a batch', Response.encode({ batchResMsg: ['a'] }).finish()],
  ])('not %s, which servers set', (_, forged) => {
    const frame = Uint8Array.from([...message, ...forged]);
    expect(() => assertClientFields(frame)).toThrow(ProtocolError);
  });

  test('no field twice: the last would win', () => {
    expect(() => assertClientFields(withTail('a80106'))).toThrow('field 21 is there twice');
  });

  test('no field in another form, which one reader takes and another skips', () => {
    const groupAsOverlongTag = `b281808010${'0161'}`; // field 22 plus 2^32·k: the same field in 32 bits
    const toAsBytes = 'aa010106';
    for (const tail of [groupAsOverlongTag, toAsBytes]) {
      expect(() => assertClientFields(withTail(tail))).toThrow(ProtocolError);
    }
  });

  test('no text that is not UTF-8', () => {
    expect(() => assertClientFields(bytes('0a02c328'))).toThrow('UTF-8');
  });
});

describe('a login', () => {
  const own = { device: 'phone', connectionNumber: 3, epoch: new Uint8Array(8).fill(10) };

  test("of a cim client: the epoch as text, as it is in a message's identity", () => {
    const frame = Request.encode({ requestId: 7, reqMsg: 'amy', protocolVersion: 1, ...own });
    expect(decodeLogin(frame.finish())).toEqual({
      userId: 7,
      userName: 'amy',
      protocolVersion: 1,
      device: 'phone',
      connectionNumber: 3,
      epochHex: '0a0a0a0a0a0a0a0a',
      ephemeral: false,
      token: '',
    });
  });

  test("without a protocol version is a Java peer's, and nothing else in it counts: it was not checked", () => {
    const frame = Request.encode({ requestId: 7, reqMsg: 'amy', ...own }).finish();
    expect(decodeLogin(frame)).toMatchObject({ device: '', connectionNumber: 0, epochHex: '' });
  });

  test("a Java peer's properties are few", () => {
    const login = (count: number) => {
      const properties = Array.from({ length: count }, (_, index) => [`key-${index}`, 'x']);
      const fields = { requestId: 7, reqMsg: 'amy', properties: Object.fromEntries(properties) };
      return () => decodeLogin(Request.encode(fields).finish());
    };
    expect(login(limits.propertiesMax)).not.toThrow();
    expect(login(limits.propertiesMax + 1)).toThrow('at most 32 properties');
  });
});
