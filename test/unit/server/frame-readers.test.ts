import { expect, test } from '@jest/globals';
import { ProtocolError } from '../../../src/codec/protocol-error.ts';
import { readFrames } from '../../../src/server/frame-readers.ts';

class Receiver {
  readonly frames: string[] = [];

  receiveFrame(bytes: Uint8Array, start: number, end: number): void {
    this.frames.push(Buffer.from(bytes.subarray(start, end)).toString());
  }
}

const frameOf = (text: string) => Buffer.from([text.length, ...Buffer.from(text)]);
const bytesMax = 100;

test('a connection holds a decoder while it has half a frame, and none after it', () => {
  const receiver = new Receiver();
  const bytes = Buffer.concat([frameOf('one'), frameOf('two')]);
  const halfRead = readFrames(receiver, null, bytes.subarray(0, 6), bytesMax);
  expect(receiver.frames).toEqual(['one']);
  expect(halfRead).not.toBeNull();
  expect(readFrames(receiver, halfRead, bytes.subarray(6), bytesMax)).toBeNull();
  expect(receiver.frames).toEqual(['one', 'two']);
});

test('half a frame stays what it is while others are read', () => {
  const [slow, quick] = [new Receiver(), new Receiver()];
  const bytes = frameOf('slowly');
  let halfRead: ReturnType<typeof readFrames> = null;
  for (const byte of bytes) {
    halfRead = readFrames(slow, halfRead, Buffer.from([byte]), bytesMax);
    readFrames(quick, null, frameOf('quick'), bytesMax);
  }
  expect(halfRead).toBeNull();
  expect(slow.frames).toEqual(['slowly']);
  expect(quick.frames).toEqual(bytes.toJSON().data.map(() => 'quick'));
});

test('a frame read inside of another one is its own connection’s', () => {
  const inner = new Receiver();
  const outer = new Receiver();
  const receive = outer.receiveFrame.bind(outer);
  outer.receiveFrame = (bytes, start, end) => {
    readFrames(inner, null, frameOf('inner'), bytesMax);
    receive(bytes, start, end);
  };
  readFrames(outer, null, Buffer.concat([frameOf('a'), frameOf('b')]), bytesMax);
  expect(outer.frames).toEqual(['a', 'b']);
  expect(inner.frames).toEqual(['inner', 'inner']);
});

test('what failed for one connection is not lent to another', () => {
  const receiver = new Receiver();
  expect(() => readFrames(receiver, null, frameOf('too long'), 4)).toThrow(ProtocolError);
  expect(readFrames(receiver, null, frameOf('fine'), 4)).toBeNull();
  expect(receiver.frames).toEqual(['fine']);
});
