/** What the file of somebody else may be called here. */
import { basename, join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { safeFileName } from '../../../../src/client/sdk/index.ts';

test.each([
  ['a.png', 'a.png'],
  ['Übersicht (2) – März.pdf', 'Übersicht (2) – März.pdf'],
  ['照片.jpg', '照片.jpg'],
  ['../../etc/passwd', '__.._etc_passwd'],
  ['..', '_'],
  ['', '_'],
  ['.bashrc', '_bashrc'],
  ['-rf', '_rf'],
  ['~', '_'],
  ['C:\\autoexec.bat', 'C__autoexec.bat'],
  ['nul', '_nul'],
  ['COM1.txt', '_COM1.txt'],
  ['a\u0000.png', 'a_.png'],
  ['invoice\u202egnp.exe', 'invoice_gnp.exe'],
  ['a\u200b.png', 'a_.png'],
  ['a.png. . ', 'a.png'],
  ['a"b|c?', 'a_b_c_'],
  ['CON .png', '_CON .png'],
  ['com\u00b9.png', '_com\u00b9.png'],
  ['ConOut$', '_ConOut$'],
  ['console.log', 'console.log'],
  ['a.png\u00a0.\u3000. ', 'a.png'],
  [`a.png${' '.repeat(80)}.exe`, 'a.png .exe'],
  ['a\u00a0\u2003b', 'a b'],
  ['\u2066a\u2069\u200f.png', '_a__.png'],
  ['a\u034f\u3164\u115f\u2800\ufe0f.png', 'a_____.png'],
  ['a\u{e0041}\ufeff.png', 'a__.png'],
])('%j is called %j', (name, expected) => {
  expect(safeFileName(name)).toBe(expected);
});

test('a long one keeps its ending', () => {
  expect(safeFileName(`${'x'.repeat(300)}.png`)).toMatch(/^x{196}\.png$/);
  expect(Buffer.byteLength(safeFileName('𝒳'.repeat(300)))).toBeLessThanOrEqual(200);
  expect(safeFileName(`${'x'.repeat(10)}.${'y'.repeat(300)}`)).toHaveLength(200);
});

test('whatever it is, it stays in its folder, can be seen, and is found again', () => {
  const name = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.string({ unit: fc.constantFrom('.', '/', '\\', ' ', '~', '-', 'a', '𝒳', '\ud800', '\n') }),
    fc.string({
      unit: fc.constantFrom('con', 'lpt1', '.', ' ', '\u00a0', '\u3164', '\u202e', '_'),
    }),
  );
  fc.assert(
    fc.property(name, (each) => {
      const safe = safeFileName(each);
      expect(join('/folder', safe)).toBe(`/folder/${safe}`);
      expect(basename(safe)).toBe(safe);
      expect(safe).toMatch(/^[^.\-~ ]/);
      expect(safe).toMatch(/[^. ]$/);
      expect(safe).not.toMatch(/[\p{DI}\p{Cc}\p{Cf}\p{Cs}/\\]|[^\S ]| {2}/u);
      expect(safe).not.toMatch(/^(con|lpt1) *(\.|$)/i);
      expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(200);
      expect(safeFileName(safe)).toBe(safe);
    }),
  );
});
