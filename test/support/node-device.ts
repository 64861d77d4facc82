/** A client in this process, as the contract of the SDK drives it (test/contract/sdk.ts). */
import {
  CimClient,
  type ClientEvents,
  type Message,
  type Transport,
} from '../../src/client/sdk/index.ts';
import { folderStorage, nodePlatform } from '../../src/client/sdk/node/node-platform.ts';
import type { Device, DeviceOptions } from './sdk-device.ts';
import { onTeardown } from './teardown.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Devices of one name keep their state in one folder, while a test lasts. */
export function nodeDevices(transportTo: (port: number) => Transport) {
  const folders = new Map<string, string>();
  return async ({ name, port, secret, ...options }: DeviceOptions): Promise<Device> => {
    if (name && !folders.has(name)) {
      folders.set(name, temporaryFolder(name));
      onTeardown(() => folders.delete(name));
    }
    const folder = name && folders.get(name);
    const client = new CimClient({
      ...options,
      platform: { ...nodePlatform(), transport: transportTo(port) },
      credentials: { secret },
      ...(folder && { storage: folderStorage(folder) }),
    });
    onTeardown(() => client.close({ timeoutMs: 0 }));
    const shown: Message[] = [];
    const gaps: ClientEvents['gap'][] = [];
    let offlineCount = 0;
    client.on('message', (message) => void shown.push(message));
    client.on('gap', (gap) => void gaps.push(gap));
    client.on('offline', () => {
      offlineCount += 1;
    });
    await client.start();
    const methods = client as unknown as Record<string, (...given: unknown[]) => unknown>;
    return {
      call: async (method, ...given) => methods[method]?.(...given),
      shown: async () => shown,
      gaps: async () => gaps,
      offlineCount: async () => offlineCount,
    };
  };
}
