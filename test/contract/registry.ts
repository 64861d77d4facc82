/** What every registry guarantees (src/registry/registry.ts), run against each implementation. */
import { describe, expect, test } from '@jest/globals';
import type { LiveRoute, LiveServer, Registry } from '../../src/registry/registry.ts';
import { routeAddress, serverAddress } from '../support/role-addresses.ts';
import { onTeardown } from '../support/teardown.ts';
import { waitUntil } from '../support/wait-until.ts';

/** Makes an empty registry; what it returns lets another participant join it. */
export type FoundRegistry = () => Promise<() => Promise<Registry>>;

export function liveServer(
  instance: string,
  port = 9000,
  changes: Partial<LiveServer> = {},
): LiveServer {
  const address = serverAddress('10.0.0.1', port, port + 1);
  return { instance, address, version: '1.2.3', connections: 0, ...changes };
}

export function liveRoute(instance: string, port = 8083): LiveRoute {
  return { instance, address: routeAddress('10.0.0.9', port), version: '1.2.3' };
}

export function choosableInstances(registry: Registry): string[] {
  return registry.view.choosable.map(({ instance }) => instance);
}

function routeInstances(registry: Registry): string[] {
  return registry.view.routes.map(({ instance }) => instance);
}

export function describeRegistry(name: string, found: FoundRegistry): void {
  /** Participants of one empty registry. */
  async function participants<const N extends string[]>(
    ...names: N
  ): Promise<{ [K in keyof N]: Registry }> {
    const join = await found();
    const joined = await Promise.all(
      names.map(async () => {
        const registry = await join();
        onTeardown(() => registry.close());
        await registry.whenConnected();
        return registry;
      }),
    );
    return joined as { [K in keyof N]: Registry };
  }

  describe(name, () => {
    test('nobody is there at first', async () => {
      const [route] = await participants('route');
      expect(route.state).toBe('connected');
      expect(route.view.servers.size).toBe(0);
      expect(route.view.choosable).toEqual([]);
      expect(route.view.routes).toEqual([]);
    });

    test('an announced server is seen by others and by itself, with all its facts', async () => {
      const [route, server] = await participants('route', 'server');
      const facts = liveServer('a', 9000, {
        connections: 7,
        address: serverAddress('fd00::1', 9000, 9001, true),
      });
      await server.announceServer(facts);
      for (const registry of [route, server]) {
        await waitUntil('a is choosable', () => choosableInstances(registry).includes('a'));
        expect(registry.view.servers.get('a')).toEqual(facts);
        expect(registry.view.choosable).toEqual([facts]);
      }
    });

    test('an announced route is seen with all its facts', async () => {
      const [server, route] = await participants('server', 'route');
      const facts = { ...liveRoute('r'), address: routeAddress('fd00::9', 8083, true) };
      await route.announceRoute(facts);
      await waitUntil('it is seen', () => server.view.routes.length > 0);
      expect(server.view.routes).toEqual([facts]);
    });

    test('somebody who joins later sees those who are there', async () => {
      const join = await found();
      const [early, late] = [await join(), await join()];
      onTeardown(() => Promise.all([early.close(), late.close()]));
      await early.announceServer(liveServer('a'));
      await early.announceRoute(liveRoute('r'));
      const latest = await join();
      onTeardown(() => latest.close());
      await latest.whenConnected();
      expect(choosableInstances(latest)).toEqual(['a']);
      expect(routeInstances(latest)).toEqual(['r']);
    });

    test('servers and routes are in the order of their addresses', async () => {
      const [route, server] = await participants('route', 'server');
      for (const port of [9300, 9100, 9200])
        await server.announceServer(liveServer(`s${port}`, port));
      for (const port of [8300, 8100, 8200])
        await server.announceRoute(liveRoute(`r${port}`, port));
      await waitUntil(
        'all are seen',
        () => route.view.choosable.length === 3 && route.view.routes.length === 3,
      );
      expect(choosableInstances(route)).toEqual(['s9100', 's9200', 's9300']);
      expect(routeInstances(route)).toEqual(['r8100', 'r8200', 'r8300']);
    });

    test('a server that withdraws is alive, but not choosable', async () => {
      const [route, server] = await participants('route', 'server');
      const announcement = await server.announceServer(liveServer('a'));
      await waitUntil('a is choosable', () => choosableInstances(route).includes('a'));
      await announcement.withdraw();
      await waitUntil('a is out of choice', () => route.view.choosable.length === 0);
      expect([...route.view.servers.keys()]).toEqual(['a']);
    });

    test('a server that leaves is gone; leaving and withdrawing twice does no harm', async () => {
      const [route, server] = await participants('route', 'server');
      const announcement = await server.announceServer(liveServer('a'));
      await waitUntil('a is there', () => route.view.servers.has('a'));
      await announcement.withdraw();
      await announcement.leave();
      await waitUntil('a is gone', () => route.view.servers.size === 0);
      await announcement.withdraw();
      await announcement.leave();
      announcement.updateLoad({ connections: 5 });
      expect(route.view.choosable).toEqual([]);
    });

    test('a server is gone when it has left, and was never there for who knows of it otherwise', async () => {
      const [route, server] = await participants('route', 'server');
      const announced = await server.announceServer(liveServer('a'));
      await waitUntil('a is seen', () => route.view.servers.has('a'));
      expect([route.isGone('a'), route.isGone('b')]).toEqual([false, true]);
      expect(route.problem).toBeNull();
      await announced.leave();
      await waitUntil('a is gone', () => route.isGone('a'));
      // On the word of a registry that is not connected nobody is.
      await route.close();
      expect([route.isGone('a'), route.isGone('b')]).toEqual([false, false]);
      expect(route.problem).toEqual(expect.any(String));
    });

    test('load reaches the others, the last value in the end', async () => {
      const [route, server] = await participants('route', 'server');
      const announcement = await server.announceServer(liveServer('a'));
      for (let connections = 1; connections <= 50; connections += 1)
        announcement.updateLoad({ connections });
      await waitUntil(
        'the last load is seen',
        () => route.view.servers.get('a')?.connections === 50,
      );
      expect(route.view.choosable[0]?.connections).toBe(50);
    });

    test('a closed registry takes with it what it announced, and nothing else', async () => {
      const [watcher, one, two] = await participants('watcher', 'one', 'two');
      await one.announceServer(liveServer('a', 9100));
      await one.announceRoute(liveRoute('r', 8100));
      await two.announceServer(liveServer('b', 9200));
      await waitUntil(
        'all are seen',
        () => watcher.view.servers.size === 2 && watcher.view.routes.length === 1,
      );
      await one.close();
      await waitUntil(
        'one is gone',
        () => watcher.view.servers.size === 1 && watcher.view.routes.length === 0,
      );
      expect(choosableInstances(watcher)).toEqual(['b']);
    });

    test('a successor at the same address is the one that is chosen, whatever becomes of its predecessor', async () => {
      const [route, old, successor] = await participants('route', 'old', 'successor');
      const predecessor = await old.announceServer(liveServer('old'));
      await waitUntil('the old one is choosable', () => choosableInstances(route).includes('old'));
      await successor.announceServer(liveServer('new'));
      await waitUntil('the new one is choosable', () => choosableInstances(route).includes('new'));
      expect(choosableInstances(route)).toEqual(['new']);
      await predecessor.withdraw();
      await predecessor.leave();
      await old.close();
      await waitUntil('the old one is gone', () => !route.view.servers.has('old'));
      expect(choosableInstances(route)).toEqual(['new']);
    });

    test('a successor of a route at the same address replaces it', async () => {
      const [server, old, successor] = await participants('server', 'old', 'successor');
      const predecessor = await old.announceRoute(liveRoute('old'));
      await waitUntil('the old one is seen', () => routeInstances(server).includes('old'));
      await successor.announceRoute(liveRoute('new'));
      await waitUntil('the new one is seen', () => routeInstances(server).includes('new'));
      await predecessor.leave();
      await old.close();
      await expectToStay(() => routeInstances(server), ['new'], server);
    });

    test('listeners hear of changes until they stop listening', async () => {
      const [route, server] = await participants('route', 'server');
      let heard = 0;
      let heardByOther = 0;
      const stop = route.onChange(() => {
        heard += 1;
      });
      route.onChange(() => {
        heardByOther += 1;
      });
      const announcement = await server.announceServer(liveServer('a'));
      await waitUntil('both have heard', () => heard > 0 && heardByOther > 0);
      await waitUntil('a is choosable', () => choosableInstances(route).includes('a'));
      stop();
      const before = { heard, heardByOther };
      await announcement.leave();
      await waitUntil('the other has heard', () => heardByOther > before.heardByOther);
      expect(heard).toBe(before.heard);
    });

    test('a view does not change: a change makes a new one', async () => {
      const [route, server] = await participants('route', 'server');
      const before = route.view;
      await server.announceServer(liveServer('a'));
      await waitUntil('a is there', () => route.view.servers.has('a'));
      expect(before.servers.size).toBe(0);
      expect(before.choosable).toEqual([]);
    });

    test('all agree on one secret, drawn once', async () => {
      const [one, two, three] = await participants('one', 'two', 'three');
      let drawn = 0;
      const draw = () => {
        drawn += 1;
        return `secret ${drawn}`;
      };
      const agreed = await Promise.all(
        [one, two, three].map((registry) => registry.agreeOnSecret(draw)),
      );
      expect(new Set(agreed).size).toBe(1);
      const later = await one.agreeOnSecret(() => 'another');
      expect(later).toBe(agreed[0]);
      // Whoever drew in vain has not written it.
      expect(drawn).toBeGreaterThan(0);
    });

    test('a closed registry refuses, keeps its last view, and may be closed again', async () => {
      const [route, server] = await participants('route', 'server');
      await server.announceServer(liveServer('a'));
      await waitUntil('a is choosable', () => choosableInstances(route).includes('a'));
      await route.close();
      await route.close();
      expect(route.state).toBe('closed');
      expect(choosableInstances(route)).toEqual(['a']);
      await expect(route.announceServer(liveServer('b'))).rejects.toMatchObject({
        kind: 'unavailable',
      });
      await expect(route.announceRoute(liveRoute('r'))).rejects.toMatchObject({
        kind: 'unavailable',
      });
      await expect(route.agreeOnSecret(() => 'x')).rejects.toMatchObject({ kind: 'unavailable' });
    });
  });
}

/** That it is so, and is still so after something else, announced later, has been seen. */
async function expectToStay<T>(observed: () => T, expected: T, registry: Registry): Promise<void> {
  expect(observed()).toEqual(expected);
  const marker = await registry.announceServer(liveServer('marker', 9999));
  await waitUntil('the marker is seen', () => registry.view.servers.has('marker'));
  expect(observed()).toEqual(expected);
  await marker.leave();
}
