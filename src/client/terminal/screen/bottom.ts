/**
 * Draws the rows at the bottom of a terminal again and again, with the cursor in one of them. What
 * is above these rows is printed once. Pure: it gives the bytes to write.
 *
 * Each row is a line of its own and shorter than the window. So it does not matter where a terminal
 * breaks rows, until somebody makes the window narrower. Most terminals then break the rows that do
 * not fit, and this file reckons with that.
 */
import stringWidth from 'string-width';

export interface BottomRows {
  /** The top one first, at least one; each narrower than the terminal. */
  readonly rows: readonly string[];
  readonly cursorRow: number;
  /** The beginning of that row, up to the cursor. */
  readonly beforeCursor: string;
}

const toLineStart = '\r';
/** Terminals also forget then which rows they have broken, and do not join them again. */
const clearBelow = '\u001b[J';

export class Bottom {
  /** Whether a window that is made narrower breaks rows. */
  readonly #rewraps: boolean;
  #drawn: BottomRows | undefined;

  constructor(rewraps: boolean) {
    this.#rewraps = rewraps;
  }

  /** `printed` in place of what was drawn last, and `next` below it. */
  draw(printed: readonly string[], next: BottomRows, columns: number): string {
    const { rows, cursorRow, beforeCursor } = next;
    const start = this.#toTop(columns);
    this.#drawn = next;
    const text = [...printed, ...rows].join('\n');
    // Written once more up to the cursor: the terminal knows best how wide that is.
    const toCursor = `${up(rows.length - 1 - cursorRow)}${toLineStart}${beforeCursor}`;
    return `${start}${text}${toCursor}`;
  }

  /** `printed` in place of what was drawn last, which is gone. */
  erase(printed: readonly string[], columns: number): string {
    const start = this.#toTop(columns);
    this.#drawn = undefined;
    return `${start}${printed.map((row) => `${row}\n`).join('')}`;
  }

  /** Others have written on the terminal: what was drawn is theirs to keep. */
  forget(): void {
    this.#drawn = undefined;
  }

  #toTop(columns: number): string {
    if (!this.#drawn) return toLineStart + clearBelow;
    const { rows, cursorRow, beforeCursor } = this.#drawn;
    let above = this.#rowsOf(beforeCursor, columns) - 1;
    for (const row of rows.slice(0, cursorRow)) above += this.#rowsOf(row, columns);
    return up(above) + toLineStart + clearBelow;
  }

  #rowsOf(row: string, columns: number): number {
    return this.#rewraps ? Math.max(1, Math.ceil(stringWidth(row) / columns)) : 1;
  }
}

function up(rows: number): string {
  return rows > 0 ? `\u001b[${rows}A` : '';
}
