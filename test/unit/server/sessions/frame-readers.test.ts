import { expect, test } from '@jest/globals';
import { FrameDecoder } from '../../../../src/codec/frame-decoder.ts';
import { ProtocolError } from '../../../../src/codec/protocol-error.ts';
import { FrameReaders } from '../../../../src/server/sessions/frame-readers.ts';

class Receiver {
  readonly frames: string[] = [];
  readonly isSated = false;

  receiveFrame(bytes: Uint8Array, start: number, end: number): void {
    this.frames.push(Buffer.from(bytes.subarray(start, end)).toString());
  }

  putBack(): void {}
}

const frameOf = (text: string) => Buffer.from([text.length, ...Buffer.from(text)]);
const bytesMax = 100;
const readers = new FrameReaders(() => new FrameDecoder(0));

test('a connection holds a decoder while it has half a frame, and none after it', () => {
  const receiver = new Receiver();
  const bytes = Buffer.concat([frameOf('one'), frameOf('two')]);
  const halfRead = readers.read(receiver, null, bytes.subarray(0, 6), bytesMax, 0);
  expect(receiver.frames).toEqual(['one']);
  expect(halfRead).not.toBeNull();
  expect(readers.read(receiver, halfRead, bytes.subarray(6), bytesMax, 0)).toBeNull();
  expect(receiver.frames).toEqual(['one', 'two']);
});

test('half a frame stays what it is while others are read', () => {
  const [slow, quick] = [new Receiver(), new Receiver()];
  const bytes = frameOf('slowly');
  let halfRead: ReturnType<typeof readers.read> = null;
  for (const byte of bytes) {
    halfRead = readers.read(slow, halfRead, Buffer.from([byte]), bytesMax, 0);
    readers.read(quick, null, frameOf('quick'), bytesMax, 0);
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
    readers.read(inner, null, frameOf('inner'), bytesMax, 0);
    receive(bytes, start, end);
  };
  readers.read(outer, null, Buffer.concat([frameOf('a'), frameOf('b')]), bytesMax, 0);
  expect(outer.frames).toEqual(['a', 'b']);
  expect(inner.frames).toEqual(['inner', 'inner']);
});

test('what failed for one connection is not lent to another', () => {
  const receiver = new Receiver();
  expect(() => readers.read(receiver, null, frameOf('too long'), 4, 0)).toThrow(ProtocolError);
  expect(readers.read(receiver, null, frameOf('fine'), 4, 0)).toBeNull();
  expect(receiver.frames).toEqual(['fine']);
});
