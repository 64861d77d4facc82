/** `cim-client` in a page: it speaks WebSocket, and keeps in IndexedDB what it is to remember. */
import { browserPlatform, indexedDbSecretKeeper, indexedDbStorage } from '../browser/index.ts';
import { Client } from './client.ts';
import { type ClientOptions, optionsOf, placeOf } from './options.ts';

export {
  type Pending,
  type StoredQuery,
  type TabClient,
  type TabClientOptions,
  tabClient,
} from '../browser/index.ts';
export * from './public.ts';
export { indexedDbSecretKeeper, indexedDbStorage };

/**
 * A device of a user, in a page. Of several tabs one is the device, and the others remember nothing:
 * `tabClient()` is for pages that people open more than once.
 */
export class CimClient extends Client {
  constructor(options: ClientOptions) {
    const place = placeOf(options);
    const platform = browserPlatform();
    const storage = indexedDbStorage(place);
    const secrets = indexedDbSecretKeeper(place);
    super(optionsOf(options, { platform, storage, secrets }));
  }
}
