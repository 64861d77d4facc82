/**
 * Whatever others write, and whatever they are called, no line of a transcript looks like one of
 * somebody else: no row goes on at the left edge by itself, in any terminal; and a head tells who it
 * was, to whom, and how it came, as they were. fast-check prints the seed and the smallest example
 * that fails.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { eastAsianWidth } from 'get-east-asian-width';
import stringWidth from 'string-width';
import wcwidth from 'wcwidth';
import { Keyword } from '../../src/base/text/keyword.ts';
import { formatTable } from '../../src/cli/admin/table.ts';
import type { Message } from '../../src/client/sdk/index.ts';
import { personText } from '../../src/client/terminal/view/heads.ts';
import { formatRemark, layOut } from '../../src/client/terminal/view/layout.ts';
import { noticeBlock, problemBlock } from '../../src/client/terminal/view/remarks.ts';
import {
  failed,
  messageBlock,
  outgoingBlock,
  resultBlocks,
} from '../../src/client/terminal/view/render.ts';
import { runs } from '../support/fuzz.ts';
import { groupMembership } from '../support/group-membership.ts';

type Widths = (text: string) => number;

/** How wide terminals take a text to be. */
const terminals: Readonly<Record<string, Widths>> = {
  'an old one, by its wcwidth': perCharacter((character) => wcwidth(character)),
  'one that shows marks and joiners apart': perCharacter((character) =>
    Math.max(wcwidth(character), 1),
  ),
  'one that shows what has no width as a box of two': perCharacter((character) =>
    /[\p{Cn}\p{Co}]/u.test(character) ? 2 : wcwidth(character),
  ),
  'a new one': (text) => stringWidth(text),
  'a new one in East Asia': (text) => stringWidth(text, { ambiguousIsNarrow: false }),
  'one in East Asia, character by character': perCharacter((character) =>
    eastAsianWidth(character.codePointAt(0) ?? 0, { ambiguousAsWide: true }),
  ),
  'one that knows emoji, and no sequences': perCharacter((character) =>
    /[\p{Emoji_Presentation}\p{Extended_Pictographic}\p{Regional_Indicator}]/u.test(character)
      ? 2
      : wcwidth(character),
  ),
  'one that shows each jamo by itself': perCharacter((character) =>
    /[\u{1100}-\u{11ff}\u{a960}-\u{a97c}\u{d7b0}-\u{d7fb}\u{3131}-\u{318e}]/u.test(character)
      ? 2
      : wcwidth(character),
  ),
};

function perCharacter(widthOf: (character: string) => number): Widths {
  return (text) => [...text].reduce((sum, character) => sum + Math.max(widthOf(character), 0), 0);
}

const piece = fc.oneof(
  fc.constantFrom(
    ...[
      'a',
      'b c',
      ' ',
      '\n',
      '\n\n\n\n\n',
      '\t',
      'looooooooooooong',
      '你好',
      'é',
      'e\u0301',
      'Привет',
    ],
    ...[
      'क्ष',
      'क्‍ष',
      'त्र्य',
      'ക്ഷ',
      'க்ஷ',
      'ᄀ',
      'ᅡ',
      'ᆨ',
      '\u115f',
      '\u1160',
      '\u3164',
      '\uffa0',
      '한글',
    ],
    ...[
      '👩‍👩‍👧',
      '❤️',
      '❤',
      '🇩🇪',
      '🇩',
      '1️⃣',
      '🏴󠁧󠁢󠁥󠁮󠁧󠁿',
      '☎︎',
      '✊🏽',
      '→',
      '·',
      '①',
      '﷽',
      '⸻',
      '䷀',
      '\u303f',
    ],
    ...['\u200d', '\u200c', '\ufe0f', '\u20e3', '\u0489', '\u0e33', '\u2800', '\u00a0', '\u3000'],
    ...['\u001b[2J', '\u202e', '\u2028', '\r', '\ud800', '\u{10fffd}', '\u{2fffe}', '\u{1fae9}'],
    ...[
      '10:05 (1) bob: ',
      '10:05 you → (2) amy: ',
      '· ',
      '! ',
      '(3) eve',
      ' → you',
      ' [e2e ✓]',
      '#ops',
      ': ',
    ],
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const anyText = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''));
/** Servers refuse most of these; but whoever tells a name may be anybody's program. */
const anyName = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));

const [bob, amy, eve] = [1, 2, 3] as const;
const at = new Date(2026, 0, 31, 10, 5).getTime();
const secrecies = [
  {},
  { encrypted: true, key: 'verified' },
  { encrypted: true, key: 'changed' },
  { encrypted: false, expected: true },
] as const satisfies Partial<Message>[];

/** Bob reads. */
function readerOf(names: Readonly<Record<number, string>>) {
  return { userId: bob, nameOf: (userId: number) => names[userId] };
}

describe('a row', () => {
  test('never goes on at the left edge by itself, whatever is in it and however narrow', () => {
    fc.assert(
      fc.property(
        anyText,
        anyName,
        anyName,
        fc.integer({ min: 24, max: 120 }),
        fc.boolean(),
        (text, name, group, columns, isColoured) => {
          const reader = readerOf({ [amy]: name, [eve]: name });
          const message = { id: 'm', from: amy, fromName: name, text, seq: 1, at };
          const blocks = [
            messageBlock({ ...message, to: bob }, reader),
            messageBlock({ ...message, group }, reader, new Keyword('a')),
            messageBlock(
              { ...message, from: bob, to: eve, encrypted: true, key: 'changed' },
              reader,
            ),
            noticeBlock(text),
            problemBlock(`${personText(amy, name)} ${text}`),
            outgoingBlock({ target: { group }, text }, at, failed(text), reader),
            ...resultBlocks(
              { kind: 'online', users: [{ userId: amy, userName: name }], prefix: '' },
              reader,
            ),
            ...resultBlocks(
              {
                kind: 'groups',
                memberships: [groupMembership(group, { owner: amy, title: name })],
              },
              reader,
            ),
            ...resultBlocks(
              { kind: 'delayed', messages: [{ id: name, to: amy, text, dueAt: at }] },
              reader,
            ),
          ];
          for (const block of blocks) {
            const rows = layOut(block, { columns, isColoured: false });
            const tooWide = Object.entries(terminals).flatMap(([terminal, widthOf]) =>
              rows.filter((row) => widthOf(row) > columns).map((row) => [terminal, row]),
            );
            expect(tooWide).toEqual([]);
            // Colours change nothing of where it breaks.
            expect(layOut(block, { columns, isColoured })).toHaveLength(rows.length);
            expect(rows.slice(1).filter((row) => !row.startsWith('  '))).toEqual([]);
          }
        },
      ),
      { numRuns: runs(150) },
    );
  });
});

/** What a head is built of, and what is not in a name. */
const name = String.raw`[^()\[\]:#→✓·]*`;
const headPattern = new RegExp(
  String.raw`^10:05 (?:(?<own>you)|\((?<from>\d+)\) ${name})(?: → (?:(?<toMe>you)|\((?<to>\d+)\)(?: ${name})?|#(?<group>${name})))?(?: \[(?<mark>[^\]]*)\])?: `,
  'u',
);
const marks = [undefined, 'e2e ✓', 'e2e, NOT THE KEY YOU CONFIRMED', 'NOT ENCRYPTED'];

describe('a head', () => {
  test('tells who it was, to whom, and how it came, whatever they and the group are called', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(bob, amy, eve),
        fc.constantFrom('me', 'her', 'all', 'group'),
        fc.nat(secrecies.length - 1),
        anyName,
        anyName,
        anyText,
        (from, receiver, secrecy, one, other, text) => {
          const reader = readerOf({ [amy]: one, [eve]: other });
          const target = {
            me: { to: bob },
            her: { to: amy },
            all: { group: 'lobby' },
            group: { group: `g${other}` },
          }[receiver];
          const fromName = from === amy ? one : other;
          const message: Message = { id: 'm', from, fromName, ...target, text, seq: 1, at };
          const block = messageBlock({ ...message, ...secrecies[secrecy] }, reader);
          const [row = ''] = layOut(block, { columns: Infinity, isColoured: false });
          const told = headPattern.exec(row)?.groups;
          expect(told).toBeDefined();
          expect([told?.['own'], told?.['from']]).toEqual(
            from === bob ? ['you', undefined] : [undefined, `${from}`],
          );
          expect(told?.['toMe']).toBe(receiver === 'me' ? 'you' : undefined);
          expect(told?.['to']).toBe(receiver === 'her' ? `${amy}` : undefined);
          expect(told?.['group'] !== undefined).toBe(receiver === 'group');
          expect(told?.['mark']).toBe(marks[secrecy]);
        },
      ),
      { numRuns: runs(300) },
    );
  });

  test.each([
    ['amy (2) → you [e2e]', '10:05 (3) amy �2� � you �e2e�: hi'],
    ['you', '10:05 (3) you: hi'],
    ['#ops', '10:05 (3) �ops: hi'],
    ['10:05 (2) amy: no', '10:05 (3) 10�05 �2� amy� no: hi'],
    ['x\n10:05 (2) amy', '10:05 (3) x�10�05 �2� amy: hi'],
    ['Müller-Lüdenscheidt, Jr. 😀', '10:05 (3) Müller-Lüdenscheidt, Jr. 😀: hi'],
    ['दुःख', '10:05 (3) दुःख: hi'],
    ['⑵＃：［➡️', '10:05 (3) �����️: hi'],
    ['n'.repeat(100_000), `10:05 (3) ${'n'.repeat(64)}…: hi`],
  ])('of who is called %.30j', (called, shown) => {
    const message = {
      id: 'm',
      from: eve,
      fromName: called,
      group: 'lobby',
      text: 'hi',
      seq: 1,
      at,
    };
    const block = messageBlock(message, readerOf({}));
    expect(layOut(block, { columns: Infinity, isColoured: false })).toEqual([shown]);
  });
});

describe('a long text', () => {
  const message = { id: 'm', from: eve, fromName: 'eve', group: 'lobby', seq: 1, at };
  const rowsOf = (text: string, columns = 80) =>
    layOut(messageBlock({ ...message, text }, readerOf({})), { columns, isColoured: false });

  test.each([
    ['line feeds', '\n'],
    ['line feeds and spaces', ' \n\u3000\n\u00a0\n\t\n'],
    ['what shows nothing', '\u3164\n\u2800\n\u115f\n'],
  ])('of %s is folded', (_, unit) => {
    const text = unit.repeat(65_536 / Buffer.byteLength(unit));
    const rows = rowsOf(`before${text}after`);
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatch(/^10:05 \(3\) eve: before/);
    expect(rows[1]).toMatch(/^ {6}… \d+( \d{3})+ empty lines$/);
    expect(rows[2]).toBe('      after');
  });

  test('of 65 000 lines says how many there are', () => {
    expect(rowsOf('\n'.repeat(65_000))).toEqual(['10:05 (3) eve: ', '      … 65 000 empty lines']);
  });

  test('keeps its paragraphs', () => {
    expect(rowsOf('one\n\ntwo\n\n\nthree')).toHaveLength(6);
  });

  test.each([
    ['of many lines', 'x\n'.repeat(32_000)],
    ['without any', 'x'.repeat(64_000)],
    ['of many words', 'word '.repeat(12_000)],
  ])('%s does not push out the screen', (_, text) => {
    for (const columns of [40, 80, 200]) {
      const rows = rowsOf(text, columns);
      expect(rows.length).toBeLessThanOrEqual(101);
      expect(rows.at(-1)).toMatch(/^ {6}… \d+( \d{3})* more lines/);
    }
  });
});

describe('what is printed outside a transcript', () => {
  /** Rows that a terminal of so many columns begins by itself, and rows at the left edge. */
  function rowsOf(printed: string, columns: number) {
    const rows = printed.split('\n').slice(0, -1);
    const tooWide = Object.entries(terminals).flatMap(([terminal, widthOf]) =>
      rows.filter((row) => widthOf(row) > columns).map((row) => [terminal, row]),
    );
    return { tooWide, atLeft: rows.filter((row) => !row.startsWith('  ')) };
  }

  test('a table has one line at the left edge for each row, whatever is in its cells', () => {
    fc.assert(
      fc.property(anyName, anyName, fc.integer({ min: 40, max: 120 }), (one, other, columns) => {
        const table = {
          header: ['USER ID', 'NAME'],
          rows: [
            ['1547028929407', `x${one}`],
            ['7000000000000', `y${other}`],
          ],
        };
        const { tooWide, atLeft } = rowsOf(formatTable(table, columns), columns);
        expect(tooWide).toEqual([]);
        // The header's number stands at the right of its column.
        expect(atLeft).toEqual([
          expect.stringMatching(/^1547028929407/),
          expect.stringMatching(/^7000000000000/),
        ]);
      }),
      { numRuns: runs(100) },
    );
  });

  test('a remark has one, which begins with the name of the program', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 24, max: 120 }), (text, columns) => {
        const { tooWide, atLeft } = rowsOf(formatRemark('cim send', text, columns), columns);
        expect(tooWide).toEqual([]);
        expect(atLeft).toEqual([expect.stringMatching(/^cim send: /)]);
      }),
      { numRuns: runs(100) },
    );
  });
});
