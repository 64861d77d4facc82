/** What a device keeps, in a store of texts by name: AsyncStorage, a keychain, localStorage. */
import type { KeptSecrets, SecretKeeper, Storage } from '../platform.ts';

/** AsyncStorage's methods; they may answer at once. */
export interface KeyValueStore {
  getItem(name: string): Promise<string | null> | string | null;
  setItem(name: string, text: string): Promise<unknown> | unknown;
  removeItem(name: string): Promise<unknown> | unknown;
}

/** An app is one process, so nobody else is looked for: one client has a place at a time. */
export function keyValueStorage(store: KeyValueStore, place: string): Storage {
  const name = `cim state ${place}`;
  return {
    open: async () => ({
      status: 'opened',
      store: {
        load: async () => (await store.getItem(name)) ?? undefined,
        save: async (text) => void (await store.setItem(name, text)),
        close: async () => {},
      },
    }),
  };
}

export function keyValueSecrets(store: KeyValueStore, place: string): SecretKeeper {
  const nameOf = (which: keyof KeptSecrets) => `cim secret ${place} ${which}`;
  const load = async (which: keyof KeptSecrets) =>
    (await store.getItem(nameOf(which))) ?? undefined;
  const replaceBy = async (secret: string) => {
    await store.setItem(nameOf('current'), secret);
    await store.removeItem(nameOf('next'));
  };
  return {
    load: async () => {
      const [current, next] = [await load('current'), await load('next')];
      return { ...(current !== undefined && { current }), ...(next !== undefined && { next }) };
    },
    offer: async (which, secret) => {
      const kept = await load(which);
      if (kept === undefined) await store.setItem(nameOf(which), secret);
      return kept ?? secret;
    },
    promote: async (next) => {
      if ((await load('next')) === next) await replaceBy(next);
    },
    replace: async (current, secret) => {
      if ((await load('current')) === current) await replaceBy(secret);
    },
  };
}
