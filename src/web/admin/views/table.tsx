/** Rows under a header; on a telephone it scrolls in itself. */
import type { ComponentChildren } from 'preact';

export function Table({
  header,
  rows,
  empty,
}: {
  readonly header: readonly string[];
  readonly rows: readonly (readonly ComponentChildren[])[];
  /** In place of no rows. */
  readonly empty: string;
}) {
  if (rows.length === 0) return <p class="aside">{empty}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keys
    <section class="table card" tabIndex={0} aria-label={header.join(', ')}>
      <table>
        <thead>
          <tr>
            {header.map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, row) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no names
            <tr key={row}>
              {cells.map((cell, column) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: nor have cells
                <td key={column}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
