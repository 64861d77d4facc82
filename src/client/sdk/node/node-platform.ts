/** The SDK's needs, met by Node.js. */
import { randomBytes } from 'node:crypto';
import { systemClock } from '../../../base/clock.ts';
import { requestJson } from '../../../http/client.ts';
import type { Platform } from '../platform.ts';
import { tcpTransport } from './tcp-transport.ts';

export { folderSecretKeeper } from './folder-secret-keeper.ts';
export { folderStorage } from './folder-storage.ts';

export function nodePlatform(): Platform {
  return {
    transport: tcpTransport,
    http: { request: requestJson },
    clock: systemClock,
    random: { bytes: (count) => randomBytes(count), fraction: Math.random },
  };
}
