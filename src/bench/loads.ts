/** Which load a pattern is. */

import type { LoadConnection } from '../load/load-connection.ts';
import { type Counting, callLoad, idleLoad, type Load } from './load.ts';
import { messageLoad } from './message-load.ts';
import { nowMs, textStart } from './message-text.ts';
import type { Order } from './order.ts';
import type { Party } from './party.ts';

export function createLoad(order: Order, party: Party, counting: Counting): Load {
  switch (order.pattern) {
    case 'idle':
      return idleLoad(counting);
    case 'private':
    case 'transient':
      return privateLoad(order, party, counting);
    case 'group':
      return groupLoad(order, party, counting);
    case 'http':
      return httpLoad(order, party, counting);
    case 'login':
      return loginLoad(order, party, counting);
  }
}

/** Every connection writes to the other client of its pair. */
function privateLoad(order: Order, party: Party, counting: Counting): Load {
  const { devices, inFlight, bytes, pattern } = order;
  const clientOf = (index: number) => Math.floor(index / devices);
  return messageLoad({
    counting,
    senders: party.connections.map((connection) => ({
      connection,
      to: party.userIdOf(party.peerOf(clientOf(connection.index))),
    })),
    transient: pattern === 'transient',
    inFlight,
    bytes,
    isOwn: isOwnOf(order, party),
    isAwaitedOn: ({ index }, sender) =>
      index % devices === sender % devices && clientOf(index) === party.peerOf(clientOf(sender)),
  });
}

/** One connection writes to each group. */
function groupLoad(order: Order, party: Party, counting: Counting): Load {
  const { devices, groups, inFlight, bytes } = order;
  const writing = party.connections.filter(
    ({ index }) => index % devices === 0 && index / devices < groups,
  );
  return messageLoad({
    counting,
    senders: writing.map((connection) => ({
      connection,
      to: party.groupOf(connection.index / devices),
    })),
    transient: false,
    inFlight,
    bytes,
    isOwn: () => false,
    isAwaitedOn: () => false,
  });
}

/** Every connection's user pushes to the other client of its pair, over HTTP. */
function httpLoad(order: Order, party: Party, counting: Counting): Load {
  const { devices, inFlight, bytes } = order;
  const senders = party.connections;
  return callLoad({
    counting,
    senders: senders.length,
    inFlight,
    isOwn: isOwnOf(order, party),
    async call(sender, dueMs) {
      const { index, token } = senders[sender] ?? { index: 0, token: '' };
      const client = Math.floor(index / devices);
      const body = {
        userId: party.userIdOf(client),
        receiveUserId: party.userIdOf(party.peerOf(client)),
        msg: textStart(dueMs, index).padEnd(bytes, 'x'),
      };
      await party.calls.post(`${party.routeFor(client)}/p2pRoute`, body, token);
    },
  });
}

/** Every device of every client logs in, goes, and logs in again. */
function loginLoad({ from, to }: Order, party: Party, counting: Counting): Load {
  return callLoad({
    counting,
    senders: to - from,
    // The second login of a device ends the first.
    inFlight: 1,
    inFlightMax: 1,
    async call(sender, dueMs) {
      const index = from + sender;
      const connection = await party.connect(index, await party.logIn(index));
      const tally = counting();
      tally.counts.shown += 1;
      tally.latencies.record(nowMs() - dueMs);
      connection.close();
    },
  });
}

/** A client that writes to itself is its own receiver. */
function isOwnOf({ devices }: Order, party: Party) {
  return ({ index }: LoadConnection, sender: number): boolean => {
    const client = Math.floor(index / devices);
    return Math.floor(sender / devices) === client && party.peerOf(client) !== client;
  };
}
