// Goal: the load speaks the protocol as the SDK does. Method: its frames, read by the codec.
import { expect, test } from '@jest/globals';
import { readText, textStart } from '../../../src/bench/message-text.ts';
import { assertClientFields } from '../../../src/codec/client-frame.ts';
import { FrameDecoder } from '../../../src/codec/frame-decoder.ts';
import { scanMessage } from '../../../src/codec/message-scan.ts';
import { encodeAck, encodePush, pong } from '../../../src/codec/server-frame.ts';
import { ackCodeOf, isMessage, MessageEncoder } from '../../../src/load/wire.ts';

function framesOf(bytes: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  new FrameDecoder(1_024 * 1_024).push(bytes, (all, start, end) => {
    frames.push(all.slice(start, end));
  });
  return frames;
}

test('messages: numbered, addressed, and with a text that says when and from whom', () => {
  const encoder = new MessageEncoder({ to: 4_000_000_000_000_000, transient: false }, 64);
  // Across the number at which another byte is needed.
  const frames = [...framesOf(encoder.encode(textStart(1_700_000_000_000.25, 7), 200))];
  expect(frames.length).toBe(200);
  for (const [index, frame] of frames.entries()) {
    assertClientFields(frame);
    const { to, sendSeq, textStart: from, textEnd } = scanMessage(frame);
    expect([to, sendSeq, textEnd - from]).toEqual([4_000_000_000_000_000, index + 1, 64]);
    expect(readText(frame, 0)).toEqual({ dueMs: 1_700_000_000_000.25, sender: 7 });
  }
  const [restart] = framesOf(encoder.encodeRestart(textStart(5, 8)));
  assertClientFields(restart!);
  expect(scanMessage(restart!)).toMatchObject({ sendSeq: 201, restart: true });
  expect(readText(restart!, 0)).toEqual({ dueMs: 5, sender: 8 });
});

test('transient messages to a group have no number', () => {
  const encoder = new MessageEncoder({ to: 'flock', transient: true }, 24);
  const [frame] = framesOf(encoder.encode(textStart(1, 2), 1));
  assertClientFields(frame!);
  expect(scanMessage(frame!)).toMatchObject({ group: 'flock', transient: true, sendSeq: 0 });
});

test('what servers send is told apart', () => {
  const encoder = new MessageEncoder({ to: 1, transient: false }, 24);
  const [body] = framesOf(encoder.encode(textStart(1, 2), 1));
  const push = framesOf(encodePush(body!, 300))[0]!;
  expect(isMessage(push, 0)).toBe(true);
  expect(ackCodeOf(push, 0, push.length)).toBeUndefined();
  const answer = { to: 1, group: '', sendSeq: 9, seq: 10, expected: 0 };
  for (const code of [0, 8100]) {
    const ack = framesOf(encodeAck({ ...answer, code }))[0]!;
    expect([isMessage(ack, 0), ackCodeOf(ack, 0, ack.length)]).toEqual([false, code]);
  }
  // It begins with a text, as a message does.
  expect(isMessage(framesOf(pong)[0]!, 0)).toBe(false);
});
