/** Components that use the hooks of the SDK, called by test/browser/hooks.test.ts. */
import { createElement, StrictMode } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { CimClient } from '../../../src/client/sdk/entries/browser.ts';
import { useMessages, usePresence } from '../../../src/client/sdk/entries/react.ts';

interface Person {
  readonly userId: number;
  readonly userName: string;
  readonly secret: string;
  readonly route: string;
}

let client: CimClient;
const roots = new Map<string, Root>();
/** By component: what it was told last of the one whom it watches. */
const told: Record<string, string> = {};
/** Each render of a conversation: with whom, and the texts. */
const renders: (readonly [peer: number, texts: string])[] = [];

function Watcher({ name, userId }: { readonly name: string; readonly userId: number }) {
  const presence = usePresence(client, [userId]).get(userId);
  told[name] = presence === undefined ? 'unknown' : presence.online ? 'online' : 'offline';
  return null;
}

function Conversation({ peer }: { readonly peer: number }) {
  const { messages } = useMessages(client, { to: peer });
  renders.push([peer, messages.map(({ text }) => text).join()]);
  return null;
}

function rootOf(name: string): Root {
  const known = roots.get(name);
  if (known) return known;
  const root = createRoot(document.body.appendChild(document.createElement('div')));
  roots.set(name, root);
  return root;
}

const page = {
  async open({ route, secret, ...person }: Person) {
    client = new CimClient({ ...person, url: route, secret });
    await client.start();
  },
  /** As in development: each effect runs twice. */
  watch: (name: string, userId: number) =>
    rootOf(name).render(createElement(StrictMode, null, createElement(Watcher, { name, userId }))),
  unmount(name: string) {
    rootOf(name).unmount();
    roots.delete(name);
  },
  told: (name: string) => told[name],
  talk: (peer: number) => rootOf('talk').render(createElement(Conversation, { peer })),
  renders: () => renders,
};
Object.assign(globalThis, { page });
