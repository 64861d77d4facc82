/** From styled pieces of text to the rows of a terminal, or to plain lines. */
import { stripVTControlCharacters, styleText } from 'node:util';
import type { Keyword, Match } from '../../../base/text/keyword.ts';
import { safeLine } from '../../../base/text/safe-text.ts';
import { displayWidth, truncate, wrap } from './display-width.ts';
import { fold } from './fold.ts';

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
  /** Has no line feeds. */
  readonly head: readonly Span[];
  /** May have several lines. */
  readonly body: string;
  /** Where its further rows begin; as a rule below the text of a message. */
  readonly margin?: number;
  /** Comes right after the body. */
  readonly tail?: Span;
  /** Marked wherever it is in the body, however it is written there. */
  readonly keyword?: Keyword;
}

export interface Layout {
  readonly columns: number;
  readonly isColoured: boolean;
}

/**
 * Only rows of ours begin at the left edge: the further rows of a block are set in, so that no text
 * can look like a line of its own, whatever line feeds and spaces are in it.
 */
const usualMargin = 6;
/** What a margin leaves to what stands beside it; of a narrow terminal at least the half. */
const bodyColumnsMin = 20;
/** In fewer no terminal shows anything; a row takes as many. */
const columnsMin = 8;

export function layOut(block: Block, layout: Layout): string[] {
  const { body, tail, keyword } = block;
  const margin = marginOf(block, layout);
  const columns = Math.max(layout.columns, columnsMin) - margin;
  const head = layOutHead(block, { columns, margin });
  const [first = '', ...further] = body.split('\n');
  // The first row begins at the end of the head, and not at the margin.
  const bodyRows = [
    wrap(first, columns, head.width),
    ...further.map((line) => wrap(line, columns, 0)),
  ];
  const marked = mark(bodyRows.flat(), body, keyword?.matchesIn(body) ?? [], layout);
  const painted = fold(marked, columns);
  const lastRow = stripVTControlCharacters(painted.at(-1) ?? '');
  const lastWidth = displayWidth(lastRow) + (painted.length === 1 ? head.width : 0);
  if (tail && lastWidth + displayWidth(tail.text) <= columns) {
    painted.push(`${painted.pop()}${paint(tail, layout)}`);
  } else if (tail) {
    const tailRows = fold(wrap(tail.text.trimStart(), columns, 0), columns);
    painted.push(...tailRows.map((text) => paint({ ...tail, text }, layout)));
  }
  const headRows = head.rows.map((spans) => spans.map((span) => paint(span, layout)).join(''));
  const [firstRow = '', ...furtherRows] = painted;
  return [...headRows.slice(0, -1), `${headRows.at(-1) ?? ''}${firstRow}`, ...furtherRows].map(
    (row, index) => (index === 0 ? '' : ' '.repeat(margin)) + row,
  );
}

/**
 * What a program says beside its output: all rows but the first, which begins with its name, are set
 * in. `columns`: of the terminal; undefined where it is none.
 */
export function formatRemark(who: string, text: string, columns = Infinity): string {
  const block = { head: [{ text: `${who}: ` }], body: safeLine(text) };
  const rows = layOut(block, { columns, isColoured: false });
  return rows.map((row) => `${row}\n`).join('');
}

/** A margin that leaves no room is not kept. */
function marginOf({ margin = usualMargin }: Block, { columns }: Layout): number {
  if (columns - margin >= bodyColumnsMin) return margin;
  return Math.min(margin, usualMargin, Math.floor(Math.max(columns, columnsMin) / 2));
}

/**
 * Mostly one row. Spans that do not fit begin another one, and what is longer than a row is cut.
 * `width`: of the last row, counted from the margin; below 0 if it ends before it.
 */
function layOutHead(
  { head }: Block,
  { columns, margin }: { readonly columns: number; readonly margin: number },
): { readonly rows: readonly (readonly Span[])[]; readonly width: number } {
  const rows: Span[][] = [[]];
  let width = -margin;
  for (const span of head) {
    const spanWidth = displayWidth(span.text);
    if (width + spanWidth > columns && width > 0) {
      rows.push([]);
      width = 0;
    }
    const text = truncate(span.text, columns - width);
    rows.at(-1)?.push({ ...span, text });
    width += displayWidth(text);
  }
  return { rows, width };
}

export function paint({ text, style }: Span, { isColoured }: Layout): string {
  if (!isColoured || style === undefined || text === '') return text;
  return styleText(style, text, { validateStream: false });
}

/** `rows`: the text, without some of its spaces. What was found may go over the end of a row. */
function mark(
  rows: readonly string[],
  text: string,
  matches: readonly Match[],
  layout: Layout,
): readonly string[] {
  let end = 0;
  let next = 0;
  return rows.map((row) => {
    const start = text.indexOf(row, end);
    end = start + row.length;
    let marked = '';
    let done = start;
    for (let match = matches[next]; match && match.from < end; match = matches[next]) {
      const from = Math.max(match.from, start);
      const to = Math.min(match.to, end);
      if (from < to) {
        const found: Span = { text: text.slice(from, to), style: 'underline' };
        marked += text.slice(done, from) + paint(found, layout);
        done = to;
      }
      if (match.to > end) break;
      next += 1;
    }
    return marked + text.slice(done, end);
  });
}
