import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { readInSlices, type Slice } from '../../../src/http/sliced-reading.ts';

/** A socket from which Node.js reads into `parsed`, and what comes over it. */
function reading(mayParse: (bytes: number) => Slice) {
  const parsed: string[] = [];
  const unread: string[] = [];
  const socket = Object.assign(new EventEmitter(), {
    writable: true,
    isPaused: () => false,
    pause: () => {},
    unshift: (rest: Buffer) => unread.push(String(rest)),
  }) as unknown as Socket;
  socket.on('data', (slice: Buffer) => parsed.push(String(slice)));
  readInSlices(socket, mayParse);
  /** Whether its memory is left to whoever has it. */
  const come = (text: string): boolean => {
    const chunk = Buffer.from(new TextEncoder().encode(text).buffer);
    socket.emit('data', chunk);
    return chunk.buffer.byteLength > 0;
  };
  return { parsed, unread, come };
}

test('what comes is parsed in pieces, and stays in memory as long as somebody has it', () => {
  const { parsed, come } = reading(() => ({ bytes: 3, isOfBody: false }));
  expect(come('GET / H')).toBe(true);
  expect(parsed).toEqual(['GET', ' / ', 'H']);
});

test('of a body the memory is given back as soon as it is parsed', () => {
  const { parsed, come } = reading((bytes) => ({ bytes, isOfBody: true }));
  expect(come('picture')).toBe(false);
  expect(parsed).toEqual(['picture']);
});

test('not of a piece in which there is something else, too', () => {
  const slices = [
    { bytes: 4, isOfBody: true },
    { bytes: 3, isOfBody: false },
  ];
  const { parsed, come } = reading(() => slices.shift()!);
  expect(come('bodyGET')).toBe(true);
  expect(parsed).toEqual(['body', 'GET']);
});

test('what may not be parsed yet comes again', () => {
  const { parsed, unread, come } = reading(() => ({ bytes: 0, isOfBody: true }));
  expect(come('later')).toBe(true);
  expect({ parsed, unread }).toEqual({ parsed: [], unread: ['later'] });
});
