/** The SDK's promises over WebSocket in Node.js. */
import { webSocketTransport } from '../../src/client/sdk/browser/websocket-transport.ts';
import { describeSdk } from '../contract/sdk.ts';
import { nodeDevices } from '../support/node-device.ts';

describeSdk({
  listener: 'ws',
  open: nodeDevices((port) => ({
    open: (server, events) =>
      webSocketTransport.open({ ...server, webSocket: `ws://127.0.0.1:${port}/ws` }, events),
  })),
});
