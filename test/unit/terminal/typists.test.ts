// Goal: one line says who is typing, however many do.
import { expect, test } from '@jest/globals';
import { Typists } from '../../../src/client/terminal/view/typists.ts';

test('each where they type, and only the number of those beyond three', () => {
  const typists = new Typists({ nameOf: (id) => (id === 2 ? 'amy' : undefined) });
  expect(typists.after({ from: 2 })).toBe('(2) amy is typing…');
  expect(typists.after({ from: 3, group: 'cooks' })).toBe('(2) amy, (3) in #cooks are typing…');
  for (const from of [4, 5]) typists.after({ from });
  expect(typists.after({ from: 6 })).toBe('(2) amy, (3) in #cooks, (4), 2 more are typing…');
  for (const from of [2, 4, 5, 6]) typists.after({ from, ended: true });
  expect(typists.after({ from: 3, group: 'cooks', ended: true })).toBe('');
});
