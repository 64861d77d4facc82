import { expect, test } from '@jest/globals';
import type { LiveServer } from '../../../src/registry/registry.ts';
import { buildView } from '../../../src/registry/registry-view.ts';
import { serverAddress } from '../../support/role-addresses.ts';

function server(instance: string, ip = '10.0.0.1'): LiveServer {
  return { instance, address: serverAddress(ip, 9000, 8081), version: '1', connections: 0 };
}

const address = '10.0.0.1:9000:8081';

test('choosable is who is alive and announced, in the order of addresses', () => {
  const announced = [
    { server: server('c', '10.0.0.3'), order: 1 },
    { server: server('a', '10.0.0.1'), order: 2 },
    { server: server('b', '10.0.0.2'), order: 3 },
  ];
  const choosable = new Set(['10.0.0.3:9000:8081', address, '10.0.0.9:11211:8081']);
  const view = buildView(announced, choosable, []);
  expect([...view.servers.keys()].toSorted()).toEqual(['a', 'b', 'c']);
  expect(view.choosable.map(({ instance }) => instance)).toEqual(['a', 'c']);
});

test('of two at one address the newer is chosen, in whatever order they are found; both are alive', () => {
  const [old, young] = [
    { server: server('old'), order: 7 },
    { server: server('young'), order: 8 },
  ];
  for (const announced of [
    [old, young],
    [young, old],
  ]) {
    const view = buildView(announced, new Set([address]), []);
    expect(view.choosable).toEqual([young.server]);
    expect(view.servers.size).toBe(2);
  }
});
