/** What a route counts. */
import type { Counter, Counters } from '../base/process/counters.ts';

export interface RouteCounters {
  /**
   * Messages that were refused by what is stored already, by why: for good, but `busy` and `stale-key`
   * for now.
   */
  readonly refused: Readonly<
    Record<
      | 'mailbox-full'
      | 'group-share'
      | 'unknown-receiver'
      | 'encrypted-group'
      | 'not-encrypted'
      | 'stale-key'
      | 'busy',
      Counter
    >
  >;
  /** Messages that are stored, each once. */
  readonly stored: Readonly<Record<'private' | 'group' | 'lobby', Counter>>;
  /** How far people have got in conversations. */
  readonly marks: { readonly moved: Counter; readonly dropped: Counter };
  /** Messages that are not stored. */
  readonly transient: {
    readonly taken: Counter;
    readonly pushed: Counter;
    readonly toNobody: Counter;
    readonly refused: Counter;
    readonly droppedAsTooMany: Counter;
    readonly droppedByStore: Counter;
    readonly droppedOnTheWay: Counter;
  };
}

export function createRouteCounters(counters: Counters): RouteCounters {
  const transient = (name: string, description: string) =>
    counters.add(`transient.${name}`, `transient messages ${description}`);
  const refused = (name: string, description: string) =>
    counters.add(`messages.refused.${name}`, `messages refused: ${description}`, {
      name: 'messages.refused',
      description: 'messages refused by what is stored already, by reason',
      label: 'reason',
      value: name,
    });
  const stored = (kind: string, description: string) =>
    counters.add(`messages.stored.${kind}`, `messages stored: ${description}`, {
      name: 'messages.stored',
      description: 'messages stored, each once',
      label: 'kind',
      value: kind,
    });
  return {
    stored: {
      private: stored('private', 'from one person to another'),
      group: stored('group', 'to a named group'),
      lobby: stored('lobby', 'to the lobby'),
    },
    refused: {
      'mailbox-full': refused('mailbox-full', 'the receiver was away, and had too much unread'),
      'group-share': refused('group-share', 'the sender had said enough there for the hour'),
      'unknown-receiver': refused('unknown-receiver', 'the receiver has no account'),
      'encrypted-group': refused('encrypted-group', 'clear text to an encrypted group'),
      'not-encrypted': refused('not-encrypted', 'encrypted with a key of a group that has none'),
      'stale-key': refused('stale-key', 'the group has another key by now; senders repeat them'),
      busy: refused('busy', 'the store did not take them; their senders repeat them'),
    },
    marks: {
      moved: counters.add('marks.taken', 'marks of readers that were handed to the store'),
      dropped: counters.add(
        'marks.dropped',
        'marks dropped as too many were at the store, or it did not take them; the next say more',
      ),
    },
    transient: {
      taken: transient('taken', 'that were looked at'),
      pushed: transient('pushed', 'handed on, each server counted'),
      toNobody: transient('to-nobody', 'for whom nobody was connected'),
      refused: transient('refused', 'that are too long, or to a group that is not the sender’s'),
      droppedAsTooMany: transient('dropped.many', 'dropped as too many waited before them'),
      droppedByStore: transient('dropped.store', 'dropped as the store did not say who is there'),
      droppedOnTheWay: transient('dropped.way', 'dropped as a server did not take them in time'),
    },
  };
}
