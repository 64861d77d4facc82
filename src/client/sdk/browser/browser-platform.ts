/** The SDK's needs, met by a browser. */
import type { Platform } from '../platform.ts';
import { fetchFiles } from './fetch-files.ts';
import { fetchHttp } from './fetch-http.ts';
import { lastingClock } from './lasting-clock.ts';
import { webSocketTransport } from './websocket-transport.ts';

export function browserPlatform(): Platform {
  return {
    transport: webSocketTransport,
    http: fetchHttp,
    clock: lastingClock(),
    files: fetchFiles,
    random: {
      bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
      fraction: Math.random,
    },
  };
}
