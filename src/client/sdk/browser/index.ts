/**
 * What a page needs besides src/client/sdk/index.ts: tabClient() for pages that people open more than
 * once (tab-client.ts), or what a CimClient of one tab needs:
 *
 *     const name = 'bob@chat.example';
 *     const client = new CimClient({
 *       userId: 1, userName: 'bob', routes: ['https://chat.example'], platform: browserPlatform(),
 *       storage: indexedDbStorage(name), credentials: { keeper: indexedDbSecretKeeper(name) },
 *     });
 */
export { browserPlatform } from './browser-platform.ts';
export { indexedDbSecretKeeper } from './indexed-db-secret-keeper.ts';
export { indexedDbStorage } from './indexed-db-storage.ts';
export type { StoredQuery } from './message-store.ts';
export type { Pending } from './outbox.ts';
export { type TabClient, type TabClientOptions, tabClient } from './tab-client.ts';
export { webSocketTransport } from './websocket-transport.ts';
