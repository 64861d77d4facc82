/** The SDK's needs, met by Node.js. */
import { createHash, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { systemClock } from '../../../base/clock.ts';
import { refusalOfStranger } from '../../../base/network/port-owner.ts';
import { Tls, type TlsDialling } from '../../../base/network/tls.ts';
import { BytesClient } from '../../../http/bytes-client.ts';
import { jsonRequester } from '../../../http/client.ts';
import type { FileTransport, Platform, RunningHash } from '../platform.ts';
import { createTcpTransport } from './tcp-transport.ts';

export { folderSecretKeeper } from './folder-secret-keeper.ts';
export { folderStorage } from './folder-storage.ts';

/**
 * `tls`: whose certificates are believed; by default those that this machine believes. `portOwner`:
 * the user of this machine whose ports are believed without TLS, besides root and this one.
 */
export function nodePlatform(tls: TlsDialling = Tls.ofSystem(), portOwner?: number): Platform {
  const refusalOf = (socket: Socket) => refusalOfStranger(socket, portOwner);
  const files = fileTransport(new BytesClient(tls, refusalOf));
  return {
    transport: createTcpTransport(tls, refusalOf),
    http: { request: jsonRequester(tls, refusalOf) },
    clock: systemClock,
    files: async () => files,
    random: { bytes: (count) => randomBytes(count), fraction: Math.random },
  };
}

function fileTransport(client: BytesClient): FileTransport {
  return {
    put: (url, request) => client.put(url, request),
    get: (url, request) => client.get(url, request),
    sha256,
  };
}

export function sha256(): RunningHash {
  const hash = createHash('sha256');
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => new Uint8Array(hash.digest()),
  };
}
