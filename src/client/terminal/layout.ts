/** From styled pieces of text to the rows of a terminal, or to plain lines. */
import { styleText } from 'node:util';
import { displayWidth, wrap } from './display-width.ts';

/** One that util.styleText knows. */
export type Style =
  | 'bold'
  | 'dim'
  | 'red'
  | 'green'
  | 'yellow'
  | 'blue'
  | 'magenta'
  | 'cyan'
  | 'underline';

export interface Span {
  readonly text: string;
  readonly style?: Style;
}

/** All texts in it are safe to be printed (safe-text.ts). */
export interface Block {
  readonly head: readonly Span[];
  /** May have several lines. */
  readonly body: string;
  /** Where its further rows begin; as a rule below the text of a message. */
  readonly margin?: number;
  /** Comes right after the body. */
  readonly tail?: Span;
  /** Marked wherever it is in the body. */
  readonly keyword?: string;
}

export interface Layout {
  readonly columns: number;
  readonly isColoured: boolean;
}

/**
 * Only rows of ours begin at the left edge: the further rows of a body are set in, so that no text
 * can look like a line of its own, whatever line feeds and spaces are in it.
 */
const usualMargin = 6;
/** However narrow the terminal. */
const bodyColumnsMin = 20;

export function layOut(block: Block, layout: Layout): string[] {
  const { head, body, tail, keyword } = block;
  const margin = marginOf(block, layout);
  const columns = Math.max(layout.columns - margin, bodyColumnsMin);
  // The first row begins at the end of the head, and not at the margin.
  const indent = displayWidth(head.map(({ text }) => text).join('')) - margin;
  const [first = '', ...further] = body.split('\n');
  const bodyRows = [wrap(first, columns, indent), ...further.map((line) => wrap(line, columns, 0))];
  const rows = bodyRows.flat();
  const lastWidth = displayWidth(rows.at(-1) ?? '') + (rows.length === 1 ? indent : 0);
  const painted = rows.map((row) => mark(row, keyword, layout));
  if (tail && lastWidth + displayWidth(tail.text) <= columns) {
    painted.push(`${painted.pop()}${paint(tail, layout)}`);
  } else if (tail) {
    const tailRows = wrap(tail.text.trimStart(), columns, 0);
    painted.push(...tailRows.map((text) => paint({ ...tail, text }, layout)));
  }
  const start = head.map((span) => paint(span, layout)).join('');
  return painted.map((row, index) => (index === 0 ? start : ' '.repeat(margin)) + row);
}

/** A margin that leaves no room is not kept. */
function marginOf({ margin = usualMargin }: Block, { columns }: Layout): number {
  return columns - margin < bodyColumnsMin ? Math.min(margin, usualMargin) : margin;
}

export function paint({ text, style }: Span, { isColoured }: Layout): string {
  if (!isColoured || style === undefined || text === '') return text;
  return styleText(style, text, { validateStream: false });
}

function mark(row: string, keyword: string | undefined, layout: Layout): string {
  if (!keyword) return row;
  return row.replaceAll(keyword, () => paint({ text: keyword, style: 'underline' }, layout));
}
