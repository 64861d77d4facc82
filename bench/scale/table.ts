/** Tables of Markdown, and how numbers look in them. Pure. */

/** The first column is of names, the others of numbers. */
export function table(names: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = names.map((_, index) => (index === 0 ? '---' : '---:'));
  return [names, rule, ...rows].map(line).join('\n');
}

/** Three digits of microseconds. */
export function us(value: number): string {
  // Less than nothing is noise around it.
  const held = Math.max(0, value);
  if (held >= 1_000) return count(held);
  return held.toFixed(held >= 100 ? 0 : held >= 10 ? 1 : 2);
}

/** Thousands apart. */
export function count(value: number): string {
  return value.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ' ');
}
