/** A folder of one machine serves the files of a cluster with one route, and no other. */
import { expect, test } from '@jest/globals';
import type { Registry } from '../../../../src/registry/registry.ts';
import { fileRefusal } from '../../../../src/route/files/one-route.ts';

function withRoutes(count: number): Pick<Registry, 'view'> {
  const routes = Array.from({ length: count }, (_, index) => ({ address: `10.0.0.${index}` }));
  return { view: { routes } } as unknown as Pick<Registry, 'view'>;
}

test.each([
  ['a folder', true, 0, null],
  ['a folder', true, 1, null],
  ['a folder', true, 2, expect.stringContaining('one route')],
  ['an S3', false, 1, null],
  ['an S3', false, 9, null],
])('%s (of this machine: %s) and %d routes', (_, isLocal, count, refusal) => {
  expect(fileRefusal({ isLocal }, withRoutes(count))).toEqual(refusal);
});

test('where no files are kept, no number of routes matters', () => {
  expect(fileRefusal(undefined, withRoutes(2))).toBeNull();
});
