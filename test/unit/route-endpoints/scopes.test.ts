/** The scopes of applications' keys, as docs/guides/authentication.md lists what each opens. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { endpointsOf } from '../../../src/route/app.ts';
import { FakeOperations } from './fake-operations.ts';

test.each(['push', 'groups', 'group', 'read', 'topics'])('the scope %s', (scope) => {
  const opened = endpointsOf(new FakeOperations(), 'secret').flatMap(({ path, access }) =>
    (access.who === 'users' || access.who === 'applications') &&
    (access.keys as readonly string[] | undefined)?.includes(scope)
      ? [path]
      : [],
  );
  const row = scope === 'group' ? 'group:NAME' : scope;
  const page = readFileSync('docs/guides/authentication.md', 'utf8');
  const [line = ''] = page.split('\n').filter((each) => each.startsWith(`| \`${row}\` |`));
  const listed = [...line.matchAll(/`(\/\w+)`/g)].map(([, path = '']) => path);
  expect(listed.sort()).toEqual(opened.sort());
  expect(opened).not.toEqual([]);
});
