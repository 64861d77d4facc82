import { describe, expect, test } from '@jest/globals';
import { decodeLogin } from '../../../src/codec/client-frame.ts';
import { commandOf } from '../../../src/codec/command-of.ts';
import { command } from '../../../src/codec/commands.ts';
import {
  encodeJavaMessage,
  encodeJavaOffline,
  encodeJavaPush,
} from '../../../src/codec/java-frame.ts';
import { encodeRequest } from '../../../src/codec/sdk-frame.ts';
import { pong } from '../../../src/codec/server-frame.ts';
import { bytes, golden, hex, receiverId, sender } from './golden-frames.ts';

function body(frameHex: string): Uint8Array {
  return bytes(frameHex).subarray(1);
}

describe('frames of the Java system', () => {
  test('a login is read, with and without the explicit zero command', () => {
    for (const frame of [golden.login, golden.loginWithExplicitZero]) {
      expect(commandOf(body(frame))).toBe(command.login);
      expect(decodeLogin(body(frame))).toMatchObject({
        userId: receiverId,
        userName: 'zs',
        protocolVersion: 0,
      });
    }
  });

  test('a login with fields nobody knows is still a login', () => {
    const unknownField = 'f80601'; // field 111, varint 1
    expect(decodeLogin(body(`0e${golden.login.slice(2)}${unknownField}`)).userId).toBe(receiverId);
  });

  test('an empty frame is a login of user 0', () => {
    expect(commandOf(new Uint8Array())).toBe(command.login);
    expect(decodeLogin(new Uint8Array())).toMatchObject({ userId: 0, userName: '' });
  });

  test('a ping is known, a pong is written', () => {
    expect(commandOf(body(golden.ping))).toBe(command.ping);
    expect(hex(pong)).toBe(golden.pong);
    expect(hex(encodeRequest({ cmd: command.ping, reqMsg: 'ping', requestId: receiverId }))).toBe(
      golden.ping,
    );
  });

  test('pushes are written as the Java server writes them', () => {
    expect(hex(encodeJavaMessage(receiverId, sender, 'hello'))).toBe(golden.push);
    expect(hex(encodeJavaOffline(receiverId, sender, ['offline message']))).toBe(golden.offline);
    const properties = {
      sendUserId: String(sender.userId),
      sendUserName: sender.name,
      receiveUserId: String(receiverId),
    };
    expect(
      hex(encodeJavaPush(receiverId, command.message, properties, 'dropped', ['a', 'b', 'c'])),
    ).toBe(golden.batch);
  });
});
