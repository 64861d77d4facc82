/** The SDK's needs, met by Node.js. */
import { randomBytes } from 'node:crypto';
import { systemClock } from '../../../base/clock.ts';
import { Tls, type TlsDialling } from '../../../base/tls.ts';
import { jsonRequester } from '../../../http/client.ts';
import type { Platform } from '../platform.ts';
import { createTcpTransport } from './tcp-transport.ts';

export { folderSecretKeeper } from './folder-secret-keeper.ts';
export { folderStorage } from './folder-storage.ts';

/** `tls`: whose certificates are believed; by default those that this machine believes. */
export function nodePlatform(tls: TlsDialling = Tls.ofSystem()): Platform {
  return {
    transport: createTcpTransport(tls),
    http: { request: jsonRequester(tls) },
    clock: systemClock,
    random: { bytes: (count) => randomBytes(count), fraction: Math.random },
  };
}
