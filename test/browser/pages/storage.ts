/** What the SDK keeps in a browser, called by test/browser/storage.test.ts. */
import { openDB } from 'idb';
import { indexedDbSecretKeeper, indexedDbStorage } from '../../../src/client/sdk/browser/index.ts';
import type { DeviceStore, SecretKeeper } from '../../../src/client/sdk/index.ts';

let store: DeviceStore | undefined;
const keepers = new Map<string, SecretKeeper>();

function keeperOf(name: string): SecretKeeper {
  const keeper = keepers.get(name) ?? indexedDbSecretKeeper(name);
  keepers.set(name, keeper);
  return keeper;
}

const page = {
  async open(name: string) {
    const opening = await indexedDbStorage(name).open();
    if (opening.status === 'opened') store = opening.store;
    return opening.status === 'unusable' ? opening.reason : opening.status;
  },
  load: () => store?.load(),
  save: (text: string) => store?.save(text),
  close: () => store?.close(),
  secrets: (name: string) => keeperOf(name).load(),
  offer: (name: string, which: 'current' | 'next', secret: string) =>
    keeperOf(name).offer(which, secret),
  promote: (name: string, next: string) => keeperOf(name).promote(next),
  replace: (name: string, current: string | undefined, secret: string) =>
    keeperOf(name).replace(current, secret),
  steal: (name: string) => navigator.locks.request(`cim.${name}`, { steal: true }, () => {}),
  /** What lies in the database, as whoever copies its values sees it. */
  async kept(name: string) {
    const database = await openDB(`cim.${name}`);
    const values: unknown[] = await database.getAll('values');
    database.close();
    const keys = values.filter((value) => value instanceof CryptoKey);
    return { extractable: keys.map((key) => key.extractable), text: textOf(values) };
  },
};

function textOf(value: unknown): string {
  if (value instanceof ArrayBuffer || value instanceof Uint8Array)
    return String.fromCharCode(...new Uint8Array(value));
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, each]) => `${name} ${textOf(each)}`)
    .join(' ');
}

Object.assign(globalThis, { page });
