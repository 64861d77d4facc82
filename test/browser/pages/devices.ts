/** Clients in a page, as the contract of the SDK drives them (test/contract/sdk.ts). */
import { browserPlatform, indexedDbStorage } from '../../../src/client/sdk/browser/index.ts';
import { CimClient, type ClientEvents, type Message } from '../../../src/client/sdk/index.ts';
import type { DeviceOptions } from '../../support/sdk-device.ts';

interface Opened {
  readonly client: CimClient;
  readonly shown: Message[];
  readonly gaps: ClientEvents['gap'][];
  offlineCount: number;
}

const devices: Opened[] = [];

const page = {
  /** Answers its number. */
  async open({ name, port, secret, ...options }: DeviceOptions) {
    const platform = browserPlatform();
    const { transport } = platform;
    const webSocket = `ws://127.0.0.1:${port}/ws`;
    const client = new CimClient({
      ...options,
      platform: {
        ...platform,
        transport: {
          open: (server, events) => transport.open({ ...server, webSocket }, events),
        },
      },
      credentials: { secret },
      ...(name !== undefined && { storage: indexedDbStorage(name) }),
    });
    const device: Opened = { client, shown: [], gaps: [], offlineCount: 0 };
    devices.push(device);
    client.on('message', (message) => void device.shown.push(message));
    client.on('gap', (gap) => void device.gaps.push(gap));
    client.on('offline', () => {
      device.offlineCount += 1;
    });
    await client.start();
    return devices.length - 1;
  },
  call(number: number, method: keyof CimClient, ...given: unknown[]) {
    const { client } = devices[number] as Opened;
    return (client[method] as (...given: unknown[]) => unknown).apply(client, given);
  },
  shown: (number: number) => devices[number]?.shown,
  gaps: (number: number) => devices[number]?.gaps,
  offlineCount: (number: number) => devices[number]?.offlineCount,
};

Object.assign(globalThis, { page });
