/**
 * Lays out the text that is being typed: the rows of a terminal, and where the cursor is in them.
 * Pure.
 *
 * Each row ends before the last column. So no terminal breaks a row by itself or puts the cursor on
 * a row of its own, and a row stays a row when somebody makes the window wider.
 */
import { safeLine } from '../../../base/text/safe-text.ts';
import { displayWidth } from '../view/display-width.ts';

export interface DraftRows {
  readonly rows: readonly string[];
  /** The row in which the cursor is, and what is in it before the cursor. */
  readonly cursorRow: number;
  readonly beforeCursor: string;
}

export interface DraftRowsOptions {
  readonly text: string;
  readonly cursor: number;
  /** Of the terminal. */
  readonly columns: number;
  /** What is left of the first row by the prompt. */
  readonly firstColumns: number;
  /** Of a text with more rows those around the cursor are shown. */
  readonly rowsMax: number;
}

const graphemes = new Intl.Segmenter();
/** Shown as they are, each in a column: most of all that is typed. */
const plain = /^[ -~]*$/;

export function draftRows(options: DraftRowsOptions): DraftRows {
  const { rows, cursorRow, beforeCursor } = allRows(options);
  const { rowsMax } = options;
  if (rows.length <= rowsMax) return { rows, cursorRow, beforeCursor };
  // What is left out above and below is told in a row each.
  const room = Math.max(1, rowsMax - 2);
  const start = Math.max(0, Math.min(cursorRow - Math.floor(room / 2), rows.length - room));
  const below = rows.length - start - room;
  const shown = rows.slice(start, start + room);
  if (rowsMax < 3) return { rows: shown, cursorRow: cursorRow - start, beforeCursor };
  const above = start > 0 ? [`… ${start} rows above`] : [];
  return {
    rows: [...above, ...shown, ...(below > 0 ? [`… ${below} rows below`] : [])],
    cursorRow: cursorRow - start + above.length,
    beforeCursor,
  };
}

function allRows({ text, cursor, columns, firstColumns }: DraftRowsOptions): DraftRows {
  const rows = new Rows(cursor, columns - 1, firstColumns);
  for (const [index, line] of text.split('\n').entries()) {
    if (index > 0) rows.breakLine();
    rows.addLine(line);
  }
  return rows.end();
}

/** Rows as far as they are written, and the place in the text that they go to. */
class Rows {
  readonly #rows = [''];
  readonly #cursor: number;
  readonly #columns: number;
  #room: number;
  #offset = 0;
  #cursorRow = 0;
  #beforeCursor = '';

  constructor(cursor: number, columns: number, firstColumns: number) {
    this.#cursor = cursor;
    this.#columns = columns;
    this.#room = firstColumns;
  }

  addLine(line: string): void {
    if (plain.test(line)) {
      for (let start = 0; start < line.length; ) {
        const piece = line.slice(start, start + Math.max(1, this.#room));
        this.#add(piece, piece.length, piece.length);
        start += piece.length;
      }
      return;
    }
    for (const { segment } of graphemes.segment(line)) {
      const shown = safeLine(segment);
      const width = displayWidth(shown);
      if (width <= this.#columns) this.#add(shown, width, segment.length);
      else this.#add('\u{fffd}', 1, segment.length);
    }
  }

  breakLine(): void {
    this.#noteCursor(1, '');
    this.#offset += 1;
    this.#beginRow();
  }

  end(): DraftRows {
    this.#noteCursor(1, '');
    return { rows: this.#rows, cursorRow: this.#cursorRow, beforeCursor: this.#beforeCursor };
  }

  #add(shown: string, width: number, units: number): void {
    if (width > this.#room) this.#beginRow();
    this.#noteCursor(units, shown);
    this.#rows[this.#rows.length - 1] += shown;
    this.#room -= width;
    this.#offset += units;
  }

  /** Whether it is before or within the next `units`; within there are only plain characters. */
  #noteCursor(units: number, shown: string): void {
    const offset = this.#cursor - this.#offset;
    if (offset < 0 || offset >= units) return;
    this.#cursorRow = this.#rows.length - 1;
    this.#beforeCursor = (this.#rows.at(-1) ?? '') + shown.slice(0, offset);
  }

  #beginRow(): void {
    this.#rows.push('');
    this.#room = this.#columns;
  }
}
