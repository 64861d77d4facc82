/**
 * How many columns of a terminal a text takes, and breaking it into rows. The text has no control
 * characters (safe-text.ts).
 */

const graphemes = new Intl.Segmenter();
const narrow = /^[\u{20}-\u{7e}]*$/u;
const invisible = /^[\p{Mn}\p{Me}\p{Cf}]*$/u;
/** Emoji; and what Unicode's EastAsianWidth has as wide or fullwidth, in blocks. */
const wide =
  /\p{Emoji_Presentation}|\u{fe0f}|^[\u{1100}-\u{115f}\u{2e80}-\u{303e}\u{3041}-\u{a4cf}\u{a960}-\u{a97c}\u{ac00}-\u{d7a3}\u{f900}-\u{faff}\u{fe30}-\u{fe6f}\u{ff01}-\u{ff60}\u{ffe0}-\u{ffe6}\u{16fe0}-\u{18cff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]/u;

export function displayWidth(text: string): number {
  if (narrow.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += graphemeWidth(segment);
  return width;
}

function graphemeWidth(grapheme: string): number {
  if (invisible.test(grapheme)) return 0;
  return wide.test(grapheme) ? 2 : 1;
}

/** What fits; with an ellipsis if that is not all. */
export function truncate(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  const [first = ''] = breakWord(text, columns - 1);
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

function breakWord(text: string, columns: number, firstColumns = columns): string[] {
  const pieces: string[] = [];
  let piece = '';
  let room = firstColumns;
  for (const { segment } of graphemes.segment(text)) {
    const width = graphemeWidth(segment);
    if (width > room) {
      pieces.push(piece);
      piece = '';
      room = columns;
    }
    piece += segment;
    room -= width;
  }
  return [...pieces, piece];
}
