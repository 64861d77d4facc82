/**
 * Named groups: who created them and who is in them. (The lobby is none of these: everybody online
 * is in it.) A group's record and its timeline belong together; a user's own list only says where
 * to look. Joining writes the user's list first, leaving last, and the group's record decides: a
 * crash between the two leaves a list that names a group too many, which `of` passes over.
 */
import type { GroupEntry } from '../base/group-entry.ts';
import type { GroupHistory } from '../base/group-history.ts';

export interface Group {
  readonly name: string;
  /** Its name until it is given another. */
  readonly title: string;
  /**
   * Who created it, until it is handed over. When the owner leaves: the admin who has been in it for
   * longest, without admins the member who has.
   */
  readonly owner: number;
  /** By id; members, and not the owner. At most `limits.groupAdminsMax`. */
  readonly admins: readonly number[];
  readonly entry: GroupEntry;
  /** Set when it is created, for good. */
  readonly history: GroupHistory;
  /** What one account may take of what the group keeps within an hour, in percent; null: see `Quotas`. */
  readonly sharePercent: number | null;
  /**
   * From 1 on, it grows with each change of the above, and when somebody is removed; of an encrypted
   * group with each change of its epoch.
   */
  readonly version: number;
  /**
   * The epoch of its key (src/store/group-keys.ts), from 1 on: it grows with each change of who is a
   * member, in the same step. 0: it is not encrypted. Which of both is set when it is created.
   */
  readonly keyEpoch: number;
}

/** What there is to set; what is not named stays. */
export interface GroupSettings {
  /** Not empty. */
  readonly title?: string;
  readonly entry?: GroupEntry;
  /** From 1 to 100 (100: it is not counted), or null: as others have it. */
  readonly sharePercent?: number | null;
}

/** Repeating one is harmless. */
export type GroupChange =
  /** The owner may, and of the title admins. */
  | ({ readonly kind: 'set' } & GroupSettings)
  /** By the owner, of a member: makes or unmakes an admin; makes the owner, who is a plain member then. */
  | { readonly kind: 'admin' | 'unadmin' | 'hand-over'; readonly userId: number }
  /** By the owner or an admin, of anybody: may join, also who was removed. Ends by being used. */
  | { readonly kind: 'invite'; readonly userId: number }
  /**
   * By the owner or an admin, of anybody but the owner, and by the owner of admins: is no member, and
   * joins only after an invitation. Of more than `limits.groupRemovedMax` the first are forgotten.
   */
  | { readonly kind: 'remove'; readonly userId: number };

export type ChangeResult =
  | 'changed'
  | 'unknown-group'
  | 'not-the-owner'
  | 'not-an-admin'
  /** The user whom it is about is no member. */
  | 'no-such-member'
  /** The owner cannot be removed. */
  | 'is-the-owner'
  /** `limits.groupAdminsMax` admins, or `limits.groupInvitedMax` invitations that were not used. */
  | 'too-many';

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
  /** As of `Group`. */
  readonly keyEpoch: number;
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

/** That a user may join a group, and has not. */
export interface Invitation {
  readonly group: string;
  /** Who has invited them, the last time. */
  readonly by: number;
}

/** `encrypted-group`: it is encrypted, and what joins cannot say that it can read it. */
export type JoinRefusal = 'removed-from-group' | 'not-invited' | 'group-closed' | 'encrypted-group';

export type JoinResult =
  /** `already`: the user was in it before, and nothing has changed. */
  | {
      readonly status: 'joined';
      readonly owner: number;
      readonly already: boolean;
      readonly membership: Membership;
    }
  | { readonly status: 'unknown-group' }
  /** By what was decided about the user, or about who may join. */
  | { readonly status: JoinRefusal }
  /**
   * The user is in `limits.groupsPerUserMax` groups, or the group has `limits.groupMembersMax` members,
   * an encrypted one `limits.encryptedGroupMembersMax`.
   */
  | { readonly status: 'too-many' };

export type CreateResult =
  | JoinResult
  /** Somebody else has created it; or the same user has, and it is not encrypted as asked. */
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
   * group keeps the `history` that it has (`joined` unless it was made with another). `e2ee`: it is
   * encrypted.
   */
  create(
    name: string,
    owner: number,
    history?: GroupHistory,
    e2ee?: boolean,
  ): Promise<CreateResult>;

  /** `canRead`: what is encrypted as well; needed for an encrypted group. */
  join(name: string, userId: number, canRead?: boolean): Promise<JoinResult>;

  /**
   * False if the user was not in it. When the owner leaves, another one owns it (`Group.owner`); when
   * the last one leaves, the group and its messages are gone, and the name is free (the counter of its
   * timeline stays for `limits.endedGroupMs`).
   */
  leave(name: string, userId: number): Promise<boolean>;

  /** The groups that the user is in, by name. */
  of(userId: number): Promise<Membership[]>;

  /** What `by` asks for. */
  change(name: string, by: number, change: GroupChange): Promise<ChangeResult>;

  /** Null if there is no such group. */
  find(name: string): Promise<Group | null>;

  /** Whom nobody has invited since they were removed, the first of them first. */
  removed(name: string): Promise<number[]>;

  /**
   * To this user, and neither used nor withdrawn: the newest `limits.invitationsPerUserMax`, the newest
   * first.
   */
  invitations(userId: number): Promise<Invitation[]>;

  /** Up to `limit` members with ids above `after`, in their order. */
  members(name: string, after: number, limit: number): Promise<number[]>;

  /** The membership of each user in the group, null for who is not in it; in the order asked. */
  memberships(questions: readonly MembershipQuestion[]): Promise<(Membership | null)[]>;

  /** Moves cursors forward. Ignored for a group that the user is not in. */
  acknowledge(batch: readonly GroupAcknowledgement[]): Promise<void>;
}
