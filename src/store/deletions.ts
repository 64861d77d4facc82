/**
 * Deleting accounts for good. The id of one that was deleted is never used again; its name is free.
 *
 * What belongs to an account is in several places, so a deletion has two steps, of which each may be
 * repeated, by any route. `begin` decides: from then on there is no such account, whatever happens
 * next. `finish` takes away the rest. What a route that had not heard of it wrote meanwhile is taken
 * away by the `finish` that comes when the deletion has settled, so that one is never left out:
 * `pending` names the deletion until then (src/route/accounts/deletion-watch.ts).
 */
import type { Session } from './sessions.ts';

export type DeletionBegin =
  /** Now, or before and it has not settled yet. */
  | {
      readonly status: 'begun';
      /** The user's open sessions: they are on record no longer. None if it was begun before. */
      readonly sessions: readonly Session[];
    }
  /** Long ago: nothing is left to do. */
  | { readonly status: 'deleted' }
  /** There never was such an account. */
  | { readonly status: 'unknown' };

export interface PendingDeletion {
  readonly userId: number;
  /** It began `limits.deletionSettlesMs` ago or longer: its next `finish` is the last. */
  readonly isSettled: boolean;
}

export interface Deletions {
  /**
   * The account, what proves its holder, its keys, messages, devices and conversations are gone. No
   * session is opened for it any more (`revoked`), nothing is appended to its timeline (`gone`), and
   * nobody registers its id (`deleted`).
   */
  begin(userId: number): Promise<DeletionBegin>;

  /**
   * Ends its memberships as `Groups.leave` does, forgets its schedules, has its files expire, frees its name, and sweeps once
   * more what `begin` has taken away. Nothing for an account whose deletion has not begun. If it has
   * settled, it is pending no longer and only its id is left. Rejects with `busy`, having done a part.
   */
  finish(userId: number): Promise<void>;

  /** Up to `limits.deletionsListedMax`, those that began first come first. */
  pending(): Promise<PendingDeletion[]>;

  /** Also while it is pending. */
  isDeleted(userId: number): Promise<boolean>;
}
