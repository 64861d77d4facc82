/** Calls to what a page of test/browser/pages/ offers as its `page`. */
import type { Page } from 'playwright-core';

export function callPage(page: Page, name: string, ...given: unknown[]): Promise<unknown> {
  return page.evaluate(
    ([called, values]) => {
      const offered = (globalThis as unknown as { page: Record<string, CallableFunction> }).page;
      return offered[called]?.(...values);
    },
    [name, given] as const,
  );
}
