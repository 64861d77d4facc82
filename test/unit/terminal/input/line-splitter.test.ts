// Bytes to lines: however they are cut into chunks, and whatever they are.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  LineSplitter,
  type ReadLine,
} from '../../../../src/client/terminal/input/line-splitter.ts';

function split(chunks: readonly Uint8Array[], bytesMax = 100): ReadLine[] {
  const splitter = new LineSplitter(bytesMax);
  return [...chunks.flatMap((chunk) => [...splitter.push(chunk)]), ...splitter.end()];
}

const texts = (lines: readonly ReadLine[]) => lines.map((line) => line.refusal?.code ?? line.text);

describe('lines', () => {
  test('are numbered from 1, blank ones too', () => {
    expect(split([Buffer.from('a\n\nb\n')])).toEqual([
      { number: 1, text: 'a' },
      { number: 2, text: '' },
      { number: 3, text: 'b' },
    ]);
  });

  test('the last needs no line feed', () => {
    expect(texts(split([Buffer.from('a\nb')]))).toEqual(['a', 'b']);
  });

  test('\\r\\n ends a line, \\r alone does not, and a byte order mark is none of it', () => {
    expect(texts(split([Buffer.from('\ufeffa\r\nb\rc\r\n')]))).toEqual(['a', 'b\rc']);
  });

  test('a byte order mark is none of the input, but of a later line it is a character', () => {
    const bytes = Buffer.from('\ufeff\ufeff7;;a\n\ufeffb\n7;;\ufeffc\n');
    expect(texts(split([bytes]))).toEqual(['\ufeff7;;a', '\ufeffb', '7;;\ufeffc']);
  });

  test('one that is not UTF-8 is refused, the next is not', () => {
    const bytes = Buffer.concat([
      Buffer.from('a\n'),
      Buffer.from([0xff, 0xfe, 0x0a]),
      Buffer.from('b\n'),
    ]);
    expect(texts(split([bytes]))).toEqual(['a', 'invalid-argument', 'b']);
  });

  test('one that is too long is refused, the next is not', () => {
    const long = (length: number) => Buffer.from(`${'x'.repeat(length)}\nb\n`);
    expect(texts(split([long(100)]))).toEqual(['x'.repeat(100), 'b']);
    expect(texts(split([long(101)]))).toEqual(['too-long', 'b']);
    expect(texts(split([Buffer.from('x'.repeat(60)), long(60)]))).toEqual(['too-long', 'b']);
  });

  test('one that is longer than memory is not kept', () => {
    const splitter = new LineSplitter(100);
    const mebibyte = Buffer.alloc(1024 * 1024, 'x');
    let lines = 0;
    for (let count = 0; count < 10_000; count += 1) lines += [...splitter.push(mebibyte)].length;
    expect(lines).toBe(0);
    expect(texts([...splitter.push(Buffer.from('\nb\n'))])).toEqual(['too-long', 'b']);
  });

  test('do not depend on how the bytes are cut', () => {
    const content = fc.array(fc.constantFrom('a', '\n', '\r\n', '你', '👩‍👩‍👧', 'x'.repeat(70)), {
      maxLength: 30,
    });
    const cuts = fc.array(fc.nat(400), { maxLength: 20 });
    fc.assert(
      fc.property(content, cuts, (parts, places) => {
        const bytes = Buffer.from(parts.join(''));
        const edges = [
          0,
          ...places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b),
          bytes.length,
        ];
        const chunks = edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
        expect(split(chunks)).toEqual(split([bytes]));
      }),
    );
  });
});
