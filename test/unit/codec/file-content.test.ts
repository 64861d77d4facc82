/** What a message may say of a file, and what is none. */
import { expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { fileText, sizeText } from '../../../src/codec/content-words.ts';
import type { MessageFile } from '../../../src/codec/file-content.ts';
import { decodeContent, encodeContent } from '../../../src/codec/message-content.ts';
import { cim } from '../../../src/codec/protobuf.ts';

const { Content } = cim.content;
const file: MessageFile = {
  id: 'AAAAAAAAAAAAAAAAAAAAAA',
  capability: 'c'.repeat(32),
  name: 'Übersicht 2026.png',
  bytes: 300_000,
  type: 'image/png',
  width: 640,
  height: 480,
  durationMs: 1_500,
  thumbnail: Uint8Array.of(1, 2, 3),
  key: new Uint8Array(32).fill(7),
  sha256: new Uint8Array(32).fill(9),
};
const { width: _w, height: _h, durationMs: _d, thumbnail: _t, key: _k, ...plain } = file;

test('what is said of a file comes out as it went in', () => {
  for (const each of [file, plain, { ...plain, bytes: 0 }, { ...plain, name: '…'.repeat(255) }])
    expect(decodeContent(encodeContent({ file: each }))).toEqual({ file: each });
  const both = { replyTo: '2.0202020202020202.1.1', mentions: [1], file };
  expect(decodeContent(encodeContent(both))).toEqual(both);
});

test('the bytes of it are its own', () => {
  const bytes = encodeContent({ file });
  const decoded = decodeContent(bytes);
  bytes.fill(0);
  expect(decoded).toEqual({ file });
});

const wrong: readonly Partial<MessageFile>[] = [
  { id: '' },
  { id: 'AAAAAAAAAAAAAAAAAAAAA' },
  { id: '../../../etc/passwd..' },
  { id: 'AAAAAAAAAAAAAAAAAAAAA/' },
  { capability: '' },
  { capability: 'c'.repeat(65) },
  { capability: `${'c'.repeat(30)}\r\n` },
  { name: '' },
  { name: '  ' },
  { name: '.' },
  { name: '..' },
  { name: '../a.png' },
  { name: 'a\\b' },
  { name: 'a\u0000' },
  { name: 'a\nb' },
  { name: 'a\u009bb' },
  { name: '\ud800' },
  { name: 'x'.repeat(256) },
  { bytes: -1 },
  { bytes: 0.5 },
  { bytes: Number.NaN },
  { bytes: 2 ** 53 },
  { type: '' },
  { type: 'png' },
  { type: 'Image/PNG' },
  { type: 'text/html; charset=utf-8' },
  { type: 'text/html\r\nX: y' },
  { type: `a/${'b'.repeat(126)}` },
  { width: 1_000_001 },
  { durationMs: -1 },
  { thumbnail: new Uint8Array(limits.thumbnailBytesMax + 1) },
  { key: new Uint8Array(16) },
  { sha256: new Uint8Array() },
  { sha256: new Uint8Array(33) },
];

test.each(wrong)('%j is no file: its message is its text', (part) => {
  const bad = { ...file, ...part };
  expect(() => encodeContent({ file: bad })).toThrow();
  // On the wire there are whole numbers only.
  if ((bad.bytes ?? 0) % 1 === 0) expect(decodeContent(encoded(bad))).toBeNull();
});

test('a picture has both sides, and a file comes alone', () => {
  const { height: _, ...flat } = file;
  expect(() => encodeContent({ file: flat })).toThrow();
  expect(() => encodeContent({ file, custom: { type: 'x', data: new Uint8Array() } })).toThrow();
  expect(() => encodeContent({ file, retract: { target: '2.0202020202020202.1.1' } })).toThrow();
});

/** Whatever it is. */
function encoded(each: MessageFile): Uint8Array {
  return Content.encode(Content.create({ file: each })).finish();
}

test('a file is said in plain words', () => {
  expect(fileText({ name: 'a.png', bytes: 300_000 })).toBe('[a.png, 300 KB]');
  const sizes: readonly [number, string][] = [
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1_000, '1 KB'],
    [1_449, '1.4 KB'],
    [9_949, '9.9 KB'],
    [9_950, '10 KB'],
    [999_499, '999 KB'],
    [999_500, '1 MB'],
    [104_857_600, '105 MB'],
    [Number.MAX_SAFE_INTEGER, '9 PB'],
  ];
  for (const [bytes, text] of sizes) expect(sizeText(bytes)).toBe(text);
});
