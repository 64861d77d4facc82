/**
 * A cluster of the last released version is brought to today's and back, one role after the other,
 * while people of both versions write to each other: every promise of cim is kept.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { startCluster, type TestCluster } from '../support/cluster.ts';
import { releasedExecutable, releasedVersions } from '../support/released.ts';
import { executable } from '../support/roles.ts';
import { startVerify, whenTold } from '../support/verify.ts';

const [last] = releasedVersions();
if (!last) throw new Error('CHANGELOG.md names no released version with its commit');
const [from, to] = [`cim ${last.version}`, 'today’s'];
let released: string;

beforeAll(() => {
  released = releasedExecutable(last);
}, 300_000);

/** People that write until they are told to end. */
async function startPeople(program: string, { routeUrls }: TestCluster) {
  const routes = routeUrls.flatMap((url) => ['--route', url]);
  const people = await startVerify([...routes, '--minutes', '10'], {}, program);
  await whenTold(people, /sent [1-9]/);
  return people;
}

/** One role at a time ends in good order and is started again as another version. */
async function replaceAll(
  { servers, routes }: TestCluster,
  kinds: readonly ('servers' | 'routes')[],
  program: string,
): Promise<void> {
  for (const kind of kinds)
    for (const role of kind === 'servers' ? servers : routes) {
      expect(await role.process.stop()).toBe(0);
      await role.start(program);
    }
}

describe.each([
  ['routes first', ['routes', 'servers'] as const],
  ['servers first', ['servers', 'routes'] as const],
])(`from ${from} to ${to}, %s`, (_, kinds) => {
  test('every promise is kept to people of both versions, and on the way back', async () => {
    const cluster = await startCluster({ program: released });
    const people = [await startPeople(released, cluster), await startPeople(executable, cluster)];
    await replaceAll(cluster, kinds, executable);
    await replaceAll(cluster, [...kinds].reverse(), released);
    for (const verify of people) {
      verify.signal('SIGINT');
      expect([await verify.exited, verify.output]).toEqual([0, expect.any(String)]);
      expect(verify.stdout).toMatch(/^ {2}stored +\d{3}/m);
    }
  });
});
