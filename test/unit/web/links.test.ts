// Goal: what looks like a web address can be clicked, leads where it says, and nothing else is a link.
import { describe, expect, test } from '@jest/globals';
import { piecesOf } from '../../../src/web/model/links.ts';

function linksIn(text: string): readonly string[] {
  return piecesOf(text).flatMap((piece) => (piece.kind === 'link' ? [piece.text] : []));
}

describe('links', () => {
  test.each([
    ['see https://cim.example/a?b=c#d now', ['https://cim.example/a?b=c#d']],
    ['http://a.example, https://b.example.', ['http://a.example', 'https://b.example']],
    ['(https://a.example/x)', ['https://a.example/x']],
    ['https://a.example/x_(y)', ['https://a.example/x_(y)']],
    ['看 https://a.example/路。好', ['https://a.example/路']],
    ['HTTPS://A.EXAMPLE', ['HTTPS://A.EXAMPLE']],
    ['<https://a.example>', ['https://a.example']],
  ])('in %j', (text, links) => {
    expect(linksIn(text)).toEqual(links);
  });

  test.each([
    'javascript:alert(1)',
    'data:text/html,hi',
    'ftp://a.example',
    'https://',
    'https:// a.example',
    'https://bank.example@evil.example/',
    'no address',
    '',
  ])('none in %j', (text) => {
    expect(linksIn(text)).toEqual([]);
  });

  test('an address ends where writing would be turned round', () => {
    expect(linksIn('https://evil.example/\u202egro.elpmaxe.knab//:sptth')).toEqual([
      'https://evil.example/',
    ]);
  });

  test('all of a text is there, in order, and none of it changed', () => {
    for (const text of [
      'a https://b.example c',
      'https://a.example',
      '<b>x</b>',
      '',
      'https://x@y z',
    ])
      expect(
        piecesOf(text)
          .map((piece) => piece.text)
          .join(''),
      ).toBe(text);
  });
});
