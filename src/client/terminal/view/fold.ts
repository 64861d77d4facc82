/**
 * How many rows of one text are shown. A text of nothing but line feeds, or one that is longer than
 * a screen, must not push out what others have said. `--json` has all of it.
 */
import { limits } from '../../../base/limits.ts';
import { truncate } from './display-width.ts';

/** More blank rows in a row than anybody separates paragraphs by. */
const blankRowsMax = 2;
/** Shows nothing: spaces, and what only looks like them. */
const blank = /^[\s\p{Default_Ignorable_Code_Point}\p{Cf}\u{2800}]*$/u;

/** What is said of the rest fits into `columns`. */
export function fold(rows: readonly string[], columns: number): string[] {
  const rowsMax = limits.shownRowsMax;
  const folded = foldBlanks(rows, columns);
  // Not for the sake of one: it would take the place of what it stands for.
  if (folded.length <= rowsMax + 1) return folded;
  const rest = `… ${counted(folded.length - rowsMax)} more lines (--json has them)`;
  return [...folded.slice(0, rowsMax), truncate(rest, columns)];
}

function foldBlanks(rows: readonly string[], columns: number): string[] {
  const folded: string[] = [];
  let blanks: string[] = [];
  const endBlanks = () => {
    if (blanks.length <= blankRowsMax) folded.push(...blanks);
    else folded.push(truncate(`… ${counted(blanks.length)} empty lines`, columns));
    blanks = [];
  };
  for (const [index, row] of rows.entries()) {
    // The first stands beside the head.
    if (index > 0 && blank.test(row)) {
      blanks.push(row);
      continue;
    }
    endBlanks();
    folded.push(row);
  }
  endBlanks();
  return folded;
}

/** 65 000 */
function counted(count: number): string {
  return `${count}`.replace(/\B(?=(\d{3})+$)/g, ' ');
}
