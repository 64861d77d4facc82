/** cim: transient messages for what is not kept; stored and acknowledged ones for what is. */
import { lobby } from '../../../src/codec/commands.ts';
import { requestJson } from '../../../src/http/client.ts';
import { drawAccount, RouteCalls } from '../../../src/load/accounts.ts';
import { CimConnection, type Surroundings } from '../cim-connection.ts';
import { type Driver, type DriverOptions, peerOf } from '../driver.ts';

const firstUserId = 1_000_000;
/** As by the SDK. */
const shownMessages = 100;

/** The same over WebSocket. */
export function cimWebSocketDriver(options: DriverOptions): Driver {
  return cimDriver(options, { overWebSocket: true });
}

export function cimDriver(options: DriverOptions, { overWebSocket = false } = {}): Driver {
  const { pattern, durable, bytes, turn, events, route = '' } = options;
  const calls = new RouteCalls(requestJson);
  const surroundings: Surroundings = {
    turn,
    bytes,
    shownMessages: durable && pattern !== 'group' ? shownMessages : Number.POSITIVE_INFINITY,
    // What `--receipts off` of the SDK is, to tell what marks cost.
    marks: process.env['CIM_RECEIPTS'] !== 'off',
    overWebSocket,
    mayFallBehind: !durable,
    failed: (reason) => events.failed(reason),
  };
  return {
    async open(index) {
      const account = drawAccount(firstUserId + index);
      await calls.register(route, account);
      const admission = await calls.logIn(route, account);
      const connection = await CimConnection.open(account, admission, surroundings);
      connection.sink = {
        delivered: (count) => events.delivered(index, count),
        acknowledged: (count) => events.acknowledged(index, count),
      };
      const peer = peerOf(pattern, index);
      const to = peer === undefined ? lobby : firstUserId + peer;
      return {
        send: (count) => connection.send(to, !durable, count),
        keepAlive: () => connection.keepAlive(),
      };
    },
  };
}
