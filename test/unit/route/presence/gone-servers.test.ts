// Goal: all servers hear when one has ended, once, and never of one that may be alive.
import { expect, test } from '@jest/globals';
import type { ServerApi, ServerGoneEntry } from '../../../../src/api/server-api.ts';
import type { LiveServer } from '../../../../src/registry/registry.ts';
import { GoneServers } from '../../../../src/route/presence/gone-servers.ts';
import { serverAddress } from '../../../support/role-addresses.ts';

class Picture {
  readonly servers = new Map<string, LiveServer>();
  readonly told: ServerGoneEntry[] = [];
  isCertain = true;
  #listener = () => {};
  readonly gone: GoneServers;

  constructor(...instances: readonly string[]) {
    for (const instance of instances) this.add(instance);
    const api = {
      serverGone: (entries: readonly ServerGoneEntry[]) => this.told.push(...entries),
    } as unknown as ServerApi;
    this.gone = new GoneServers({
      registry: {
        view: { servers: this.servers, choosable: [], routes: [] },
        isGone: (instance) => this.isCertain && !this.servers.has(instance),
        onChange: (listener) => {
          this.#listener = listener;
          return () => {
            this.#listener = () => {};
          };
        },
      },
      servers: { at: () => api },
    });
    this.gone.start();
  }

  add(instance: string): void {
    const address = serverAddress('10.0.0.1', 9000, 8081);
    this.servers.set(instance, { instance, address, version: '1', connections: 0 });
  }

  changed(): void {
    this.#listener();
  }
}

test('those who are left are told once', () => {
  const picture = new Picture('a', 'b', 'c');
  picture.servers.delete('b');
  picture.changed();
  picture.changed();
  expect(picture.told).toEqual([
    { instance: 'a', gone: 'b' },
    { instance: 'c', gone: 'b' },
  ]);
});

test('nobody is told while it is not certain', () => {
  const picture = new Picture('a', 'b');
  picture.isCertain = false;
  picture.servers.clear();
  picture.changed();
  picture.add('a');
  picture.changed();
  expect(picture.told).toEqual([]);
  picture.isCertain = true;
  picture.changed();
  expect(picture.told).toEqual([{ instance: 'a', gone: 'b' }]);
});

test('one that came later is known, too, and nothing is told when it is stopped', () => {
  const picture = new Picture('a');
  picture.add('b');
  picture.changed();
  picture.servers.delete('b');
  picture.gone.stop();
  picture.changed();
  expect(picture.told).toEqual([]);
});
