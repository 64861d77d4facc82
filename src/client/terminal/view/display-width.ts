/**
 * How many columns of a terminal a text takes at most, and how it breaks into rows. The text has no
 * control characters (safe-text.ts).
 *
 * Terminals do not agree about the width of newer or ambiguous characters, of marks and joiners,
 * and of sequences that are one picture. If a row is one column too long, it goes on at the left
 * edge of the next row, where only lines of ours begin. So each character counts for as much as the
 * most generous terminal gives it. A text may be broken a little early.
 */
import { eastAsianWidth } from 'get-east-asian-width';

const graphemes = new Intl.Segmenter();
const narrow = /^[\u{20}-\u{7e}]*$/u;
/**
 * Wide to some, whatever the table: emoji also where others show them as text, jamo (some show each
 * one by itself), what older tables had as wide in blocks, what has no meaning yet or not to
 * everybody.
 */
const wideToSome =
  /[\p{Emoji}\p{Extended_Pictographic}\p{Cn}\p{Co}\u{1100}-\u{11ff}\u{2e80}-\u{a4cf}\u{a960}-\u{a97f}\u{ac00}-\u{d7ff}\u{f900}-\u{faff}\u{fe10}-\u{fe19}\u{fe30}-\u{fe6f}\u{ff00}-\u{ff60}\u{ffa0}\u{ffe0}-\u{ffe6}]/u;

export function displayWidth(text: string): number {
  if (narrow.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** None is shown in less than a column by every terminal, not even marks and joiners. */
function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x7f) return 1;
  // Consoles that know 16 bits only show each half by itself.
  if (code > 0xffff) return 2;
  const isWide = eastAsianWidth(code, { ambiguousAsWide: true }) === 2;
  return isWide || wideToSome.test(character) ? 2 : 1;
}

/** What fits; with an ellipsis if that is not all. */
export function truncate(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  const [first = ''] = breakWord(text, columns - displayWidth('…'));
  return `${first}…`;
}

/**
 * Rows of at most `columns`, the first shorter by `indent`. Breaks between words where it can;
 * spaces at a break go.
 */
export function wrap(text: string, columns: number, indent: number): string[] {
  const rows: string[] = [];
  let row = '';
  let room = columns - indent;
  for (const part of text.match(/\s+|\S+/gu) ?? []) {
    const width = displayWidth(part);
    if (width <= room) {
      row += part;
      room -= width;
      continue;
    }
    const isSpace = part.trim() === '';
    // A word that is longer than a row starts where it stands.
    const pieces = isSpace ? [''] : width <= columns ? ['', part] : breakWord(part, columns, room);
    rows.push((row + pieces[0]).trimEnd());
    rows.push(...pieces.slice(1, -1));
    row = pieces.length > 1 ? (pieces.at(-1) ?? '') : '';
    room = columns - displayWidth(row);
  }
  return [...rows, row];
}

/** Between what belongs together, unless that alone is longer than a row. */
function breakWord(text: string, columns: number, firstColumns = columns): string[] {
  const pieces: string[] = [];
  let piece = '';
  let room = firstColumns;
  const take = (part: string, width: number) => {
    if (width > room) {
      pieces.push(piece);
      piece = '';
      room = columns;
    }
    piece += part;
    room -= width;
  };
  for (const { segment } of graphemes.segment(text)) {
    const width = displayWidth(segment);
    if (width <= columns) take(segment, width);
    else for (const character of segment) take(character, characterWidth(character));
  }
  return [...pieces, piece];
}
