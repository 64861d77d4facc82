/**
 * Named groups: who created them and who is in them. (The lobby is none of these: everybody online
 * is in it.) A group's record and its timeline belong together; a user's own list only says where
 * to look. Joining writes the user's list first, leaving last, and the group's record decides: a
 * crash between the two leaves a list that names a group too many, which `of` passes over.
 */
import type { GroupHistory } from '../base/group-history.ts';

export interface Group {
  readonly name: string;
  /** Who created it; when the owner leaves, whoever has been in it for longest. */
  readonly owner: number;
  /** Set when it is created, for good. */
  readonly history: GroupHistory;
  /** What one account may take of what the group keeps within an hour, in percent; null: see `Quotas`. */
  readonly sharePercent: number | null;
}

/** That a user is in a group, and since when. */
export interface Membership {
  readonly group: string;
  /** The newest number of the group's timeline when the user joined, the last time. */
  readonly joined: number;
  /** The newest number that any device of the user has acknowledged, at least `joined`. */
  readonly cursor: number;
  /** The newest number of the group's timeline. */
  readonly head: number;
  readonly history: GroupHistory;
}

/** Nothing up to this number of the group's timeline may be read by the member. */
export function unreadableUpTo({ joined, head, history }: Membership): number {
  // Numbers may have been given out anew, after a failover that lost a tail.
  return history === 'all' ? 0 : Math.min(joined, head);
}

/** Asks for the membership of a user in a group. */
export interface MembershipQuestion {
  readonly group: string;
  readonly userId: number;
}

export type JoinResult =
  /** `already`: the user was in it before, and nothing has changed. */
  | {
      readonly status: 'joined';
      readonly owner: number;
      readonly already: boolean;
      readonly membership: Membership;
    }
  | { readonly status: 'unknown-group' }
  /** The user is in `limits.groupsPerUserMax` groups, or the group has `limits.groupMembersMax` members. */
  | { readonly status: 'too-many' };

export type CreateResult =
  | JoinResult
  /** Somebody else has created it. */
  | { readonly status: 'group-exists'; readonly owner: number };

export interface GroupAcknowledgement {
  readonly userId: number;
  readonly group: string;
  /** Everything up to this number of the group's timeline was shown on a device of the user. */
  readonly seq: number;
}

export interface Groups {
  /**
   * Makes the group and its owner a member. Repeating it is harmless: it is then a `join`, and the
   * group keeps the `history` that it has (`joined` unless it was made with another).
   */
  create(name: string, owner: number, history?: GroupHistory): Promise<CreateResult>;

  join(name: string, userId: number): Promise<JoinResult>;

  /**
   * False if the user was not in it. When the owner leaves, the longest-standing member becomes the
   * owner; when the last one leaves, the group and its messages are gone, and the name is free (the
   * counter of its timeline stays for `limits.endedGroupMs`).
   */
  leave(name: string, userId: number): Promise<boolean>;

  /** The groups that the user is in, by name. */
  of(userId: number): Promise<Membership[]>;

  /**
   * The owner sets what one account may take of what the group keeps within an hour (1 to 100; 100: it
   * is not counted), or null: as others have it.
   */
  setShare(
    name: string,
    owner: number,
    sharePercent: number | null,
  ): Promise<'set' | 'unknown-group' | 'not-the-owner'>;

  /** Null if there is no such group. */
  find(name: string): Promise<Group | null>;

  /** Up to `limit` members with ids above `after`, in their order. */
  members(name: string, after: number, limit: number): Promise<number[]>;

  /** The membership of each user in the group, null for who is not in it; in the order asked. */
  memberships(questions: readonly MembershipQuestion[]): Promise<(Membership | null)[]>;

  /** Moves cursors forward. Ignored for a group that the user is not in. */
  acknowledge(batch: readonly GroupAcknowledgement[]): Promise<void>;
}
