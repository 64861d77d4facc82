/** The SDK's needs, met by Node.js. */
import { randomBytes } from 'node:crypto';
import { systemClock } from '../../../base/clock.ts';
import type { Platform } from '../platform.ts';
import { httpTransport } from './http-transport.ts';
import { tcpTransport } from './tcp-transport.ts';

export { folderStorage } from './folder-storage.ts';

export function nodePlatform(): Platform {
  return {
    transport: tcpTransport,
    http: httpTransport,
    clock: systemClock,
    random: { bytes: (count) => randomBytes(count), fraction: Math.random },
  };
}
