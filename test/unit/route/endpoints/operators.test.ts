/** What operators ask of a route. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { instance, RouteHarness } from '../../../support/route-harness.ts';

describe('draining a server', () => {
  let route: RouteHarness;
  beforeEach(async () => {
    route = await RouteHarness.start();
  });

  test.each(['10.0.0.1:9000', instance])('called %s', async (server) => {
    await route.core.operations.drain(server);
    expect(route.drained).toEqual([instance]);
  });

  test.each(['10.0.0.1', '10.0.0.1:9000:8081', ''])('that is not there: %j', async (server) => {
    await expect(route.core.operations.drain(server)).rejects.toMatchObject({
      kind: 'not-found',
      message: `server: no "${server}" is alive; these are: 10.0.0.1:9000`,
    });
    expect(route.drained).toEqual([]);
  });

  test('that does not answer', async () => {
    route.drainCode = 8100;
    await expect(route.core.operations.drain(instance)).rejects.toMatchObject({
      kind: 'unavailable',
    });
  });
});

test('the servers come in pages, by instance', async () => {
  const route = await RouteHarness.start({ otherServers: ['zz', '00'] });
  const pageAfter = (after: string, limit: number) =>
    route.core.operations.servers({ after, limit }).map((server) => server.instance);
  const all = ['00', instance, 'zz'];
  expect(pageAfter('', 10)).toEqual(all);
  expect(pageAfter('', 2)).toEqual(all.slice(0, 2));
  expect(pageAfter(all[1] ?? '', 2)).toEqual(all.slice(2));
  expect(pageAfter('zzz', 2)).toEqual([]);
});
