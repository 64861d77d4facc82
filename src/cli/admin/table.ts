/**
 * Rows under a header, in columns as wide as they must be; numbers to the right. Cells may hold what
 * others have written.
 */
import { safeLine } from '../../base/safe-text.ts';

export function formatTable(
  header: readonly string[],
  given: readonly (readonly string[])[],
): string {
  const rows = given.map((row) => row.map(safeLine));
  const columns = header.map((title, index) => {
    const cells = rows.map((row) => row[index] ?? '');
    return {
      width: Math.max(title.length, ...cells.map((cell) => cell.length)),
      numeric: cells.every((cell) => /^\d+$/.test(cell)),
    };
  });
  const lines = [header, ...rows].map((row) => {
    const cells = columns.map(({ width, numeric }, index) => {
      const cell = row[index] ?? '';
      return numeric ? cell.padStart(width) : cell.padEnd(width);
    });
    return `${cells.join('  ').trimEnd()}\n`;
  });
  return lines.join('');
}
