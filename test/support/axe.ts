/** What axe-core finds wrong with what a page shows now. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';

const source = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');

interface Finding {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

export async function findingsOf(page: Page): Promise<readonly string[]> {
  // Not as a script of the page, which its rules forbid; and once, as it is large.
  if (!(await page.evaluate("'axe' in globalThis"))) await page.evaluate(source);
  const findings = await page.evaluate(`(async () => {
    const { violations } = await axe.run(document, { resultTypes: ['violations'] });
    return violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => ({ html })) }));
  })()`);
  return (findings as readonly Finding[]).map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`,
  );
}
