/** The SDK's promises over TCP. */
import { nodePlatform } from '../../src/client/sdk/node/node-platform.ts';
import { describeSdk } from '../contract/sdk.ts';
import { nodeDevices } from '../support/node-device.ts';

const { transport } = nodePlatform();

describeSdk({
  listener: 'tcp',
  open: nodeDevices((port) => ({
    open: (server, events) => transport.open({ ...server, port }, events),
  })),
});
