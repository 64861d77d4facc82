/**
 * `cim-client` in React Native: it speaks WebSocket, and keeps what it is to remember where the
 * application says. docs/guides/sdk.md says what Hermes needs besides.
 */
import { systemClock } from '../../../base/clock.ts';
import { CimError, describeError } from '../../../base/errors.ts';
import { openEnvelope } from '../../../http/envelope.ts';
import { webSocketTransport } from '../browser/websocket-transport.ts';
import type { HttpTransport, Platform } from '../platform.ts';
import { Client } from './client.ts';
import { type KeyValueStore, keyValueSecrets, keyValueStorage } from './key-value-storage.ts';
import { type ClientOptions, optionsOf, placeOf } from './options.ts';

export { type KeyValueStore, keyValueSecrets, keyValueStorage } from './key-value-storage.ts';
export * from './public.ts';

export interface ReactNativeClientOptions extends ClientOptions {
  /** For the state of the device: AsyncStorage, MMKV behind promises, … Absent: it is a new device each time. */
  readonly store?: KeyValueStore;
  /** For the account's secret: the keychain. `store`, if absent. */
  readonly secureStore?: KeyValueStore;
}

/** A device of a user, in an app. */
export class CimClient extends Client {
  constructor({ store, secureStore = store, ...options }: ReactNativeClientOptions) {
    const place = placeOf(options);
    super(
      optionsOf(options, {
        platform: reactNativePlatform(),
        ...(store && { storage: keyValueStorage(store, place) }),
        ...(secureStore && { secrets: keyValueSecrets(secureStore, place) }),
      }),
    );
  }
}

function reactNativePlatform(): Platform {
  return {
    transport: webSocketTransport,
    http,
    clock: systemClock,
    files: async () => (await import('../browser/fetch-files.ts')).fetchFiles,
    random: {
      bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
      fraction: Math.random,
    },
  };
}

/** Its fetch has no streams. */
const http: HttpTransport = {
  async request(url, { method, headers, body, timeoutMs }) {
    const { origin, pathname } = new URL(url);
    const shown = `${origin}${pathname}`;
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(new Error('it takes too long')), timeoutMs);
    let answer: unknown;
    try {
      const response = await fetch(url, {
        method,
        headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: controller.signal,
      });
      answer = await response.json();
    } catch (cause) {
      throw new CimError('unavailable', `no answer from ${shown}: ${describeError(cause)}`, {
        cause,
      });
    } finally {
      clearTimeout(timer);
    }
    return openEnvelope(answer, shown);
  },
};
