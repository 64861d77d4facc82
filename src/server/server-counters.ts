/** What a server counts. */
import type { Counter, Counters } from '../base/process/counters.ts';
import { type CloseName, closeCodes } from '../codec/close-codes.ts';
import type { ArrivalCounters } from '../net/arrivals.ts';
import type { WebSocketCounters } from '../net/web-socket-handshakes.ts';

/** Of all protocols that there are. */
export type ProtocolName = 'cim' | 'java' | 'mqtt';

export interface ServerCounters {
  /** Connections whose first frame has told what they speak. */
  readonly speaking: Record<ProtocolName, number>;
  /** Connections that the server closed, by reason; `other`: with a code that a route gave. */
  readonly closed: Readonly<Record<CloseName | 'other', Counter>>;
  readonly arrivals: ArrivalCounters & WebSocketCounters;
  /** Messages that clients sent here, to be stored. */
  readonly taken: Counter;
  readonly sends: { readonly tooFast: Counter; readonly noRoom: Counter };
  /** Connections that did not keep up, and caught up from the store. */
  readonly behind: Counter;
  /** Messages that routes gave, and that cannot be read. */
  readonly unreadable: Counter;
  /** What the checks have found. */
  readonly checks: {
    readonly missed: Counter;
    readonly missedInGroup: Counter;
    readonly reopened: Counter;
  };
  readonly presence: { readonly told: Counter; readonly refused: Counter };
  /** How far people have got in conversations. */
  readonly marks: {
    readonly missed: Counter;
    readonly droppedTooFast: Counter;
    readonly droppedAtReceiver: Counter;
  };
  /** Messages that are not stored. */
  readonly transient: {
    readonly sent: Counter;
    readonly delivered: Counter;
    readonly toNobody: Counter;
    readonly droppedOnTheWay: Counter;
    readonly droppedAtReader: Counter;
    readonly droppedTooFast: Counter;
  };
}

export function createServerCounters(counters: Counters): ServerCounters {
  const closed = (name: string, meaning: string) =>
    counters.add(`connections.closed.${name}`, `connections closed: ${meaning}`, {
      name: 'connections.closed',
      description: 'connections that the server closed, by reason',
      label: 'reason',
      value: name,
    });
  const byName = Object.entries(closeCodes).map(([name, { meaning }]) => [
    name,
    closed(name, meaning),
  ]);
  const speaking: Record<ProtocolName, number> = { cim: 0, java: 0, mqtt: 0 };
  for (const protocol of Object.keys(speaking) as ProtocolName[])
    counters.gauge('connections', 'connections, by what they speak', () => speaking[protocol], {
      protocol,
    });
  return {
    speaking,
    closed: {
      ...(Object.fromEntries(byName) as Record<CloseName, Counter>),
      other: closed('other', 'with a code that a route gave'),
    },
    arrivals: {
      silent: counters.add(
        'arrivals.silent',
        'connections that said nothing in time, or while there was no room for others',
      ),
      refused: counters.add(
        'arrivals.refused',
        'connections ended without a word, as there were far too many of them',
      ),
      malformed: counters.add(
        'arrivals.malformed',
        'connections of a trusted proxy with a PROXY header that is none',
      ),
      noWebSocket: counters.add(
        'arrivals.no-web-socket',
        'connections to the port for WebSockets that asked for something else, or not in time',
      ),
    },
    taken: counters.add('messages.taken', 'messages that clients sent here, to be stored'),
    sends: {
      tooFast: counters.add(
        'sends.refused.rate',
        'messages not taken, as their user sent too many, or too many bytes, in a short time',
      ),
      noRoom: counters.add(
        'sends.refused.memory',
        'messages not taken, as too many bytes of others, or of their sender, wait for routes',
      ),
    },
    unreadable: counters.add(
      'messages.unreadable',
      'messages that routes gave and that cannot be read: Java clients are not shown them',
    ),
    behind: counters.add(
      'connections.behind',
      'connections that did not keep up with reading, and were told to catch up from the store',
    ),
    checks: {
      missed: counters.add(
        'checks.missed',
        'connections that had not been told of the newest message of their user',
      ),
      missedInGroup: counters.add(
        'checks.missed.group',
        'groups of whose newest message the server had not been told',
      ),
      reopened: counters.add(
        'checks.reopened',
        'sessions that the store did not know, and that were reported again',
      ),
    },
    presence: {
      told: counters.add('presence.told', 'changes of presence, each connection told counted'),
      refused: counters.add(
        'presence.refused',
        'users that a connection could not watch, as too many are watched',
      ),
    },
    marks: {
      missed: counters.add(
        'checks.missed.marks',
        'connections that had not been told of all marks that concern their user',
      ),
      droppedTooFast: counters.add(
        'marks.dropped.rate',
        'marks dropped as their connection sent too many in a short time',
      ),
      droppedAtReceiver: counters.add(
        'marks.dropped.receiver',
        'marks not told, as the receiver does not keep up with reading; it asks for them later',
      ),
    },
    transient: {
      sent: counters.add('transient.sent', 'transient messages that clients sent here'),
      delivered: counters.add(
        'transient.delivered',
        'transient messages written to connections, each receiver counted',
      ),
      toNobody: counters.add(
        'transient.nobody',
        'transient messages to users of whom no connection is known',
      ),
      droppedOnTheWay: counters.add(
        'transient.dropped.way',
        'transient messages dropped as no route took them: none there, or too much for it',
      ),
      droppedAtReader: counters.add(
        'transient.dropped.reader',
        'transient messages dropped as the receiver does not keep up with reading',
      ),
      droppedTooFast: counters.add(
        'transient.dropped.rate',
        'transient messages dropped as their user sent too many in a short time',
      ),
    },
  };
}
