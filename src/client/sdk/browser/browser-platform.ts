/** The SDK's needs, met by a browser. */
import type { Platform } from '../platform.ts';
import { fetchHttp } from './fetch-http.ts';
import { lastingClock } from './lasting-clock.ts';
import { pageNetwork } from './page-network.ts';
import { webSocketTransport } from './websocket-transport.ts';

export function browserPlatform(): Platform {
  return {
    transport: webSocketTransport,
    http: fetchHttp,
    clock: lastingClock(),
    files: async () => (await import('./fetch-files.ts')).fetchFiles,
    network: pageNetwork,
    random: {
      bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
      fraction: Math.random,
    },
  };
}
