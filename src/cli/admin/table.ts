/**
 * Lays out rows under a header. A column is as wide as its widest cell; numbers stand to the right.
 * A cell may hold what others have written, so none begins a row, even if it is longer than the
 * terminal is wide.
 */
import { safeLine } from '../../base/text/safe-text.ts';
import { displayWidth } from '../../client/terminal/view/display-width.ts';
import { layOut } from '../../client/terminal/view/layout.ts';

export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** `terminalColumns`: Infinity where it is no terminal. */
export function formatTable({ header, rows: given }: Table, terminalColumns: number): string {
  const rows = given.map((row) => row.map(safeLine));
  const columns = header.map((title, index) => {
    const cells = rows.map((row) => row[index] ?? '');
    return {
      width: Math.max(title.length, ...cells.map(displayWidth)),
      numeric: cells.every((cell) => /^\d+$/.test(cell)),
    };
  });
  return [header, ...rows]
    .flatMap((row) => {
      const cells = columns.map(({ width, numeric }, index) => {
        const cell = row[index] ?? '';
        const space = ' '.repeat(width - displayWidth(cell));
        return numeric ? space + cell : cell + space;
      });
      const head = cells.slice(0, -1).map((cell) => ({ text: `${cell}  ` }));
      const body = cells.at(-1)?.trimEnd() ?? '';
      const margin = head.reduce((sum, { text }) => sum + displayWidth(text), 0);
      return layOut({ head, body, margin }, { columns: terminalColumns, isColoured: false });
    })
    .map((row) => `${row.trimEnd()}\n`)
    .join('');
}
