/**
 * Notices of routes that the user of a connection is in a group no more. Notices of two routes overtake
 * each other, and the user may be in the group again by the time that one arrives: so the store is asked
 * before one is believed.
 */
import type { ReadResult } from '../../api/route-api.ts';
import type { MembershipChange } from '../../api/server-api.ts';
import type { ReadFrame } from '../../codec/client-frame.ts';

export interface LeavingNoticesOptions {
  readonly userId: number;
  /** Asks a route for a page; whoever is no member is given none. */
  readonly read: (userId: number, request: ReadFrame, settle: (result: ReadResult) => void) => void;
  /** It is so, or no route can tell now. */
  readonly onLeft: (notice: MembershipChange) => void;
}

interface Check {
  notice: MembershipChange;
  /** There was another notice of the group since the route was asked. */
  isStale: boolean;
}

export class LeavingNotices {
  readonly #options: LeavingNoticesOptions;
  /** By group. */
  readonly #checks = new Map<string, Check>();

  constructor(options: LeavingNoticesOptions) {
    this.#options = options;
  }

  /** The user has left the group, or was removed from it. */
  left(notice: MembershipChange): void {
    const check = this.#checks.get(notice.group);
    if (check) Object.assign(check, { notice, isStale: true });
    else this.#ask({ notice, isStale: false });
  }

  /** The user has joined the group: maybe after the answer that is awaited. */
  joined(group: string): void {
    const check = this.#checks.get(group);
    if (check) check.isStale = true;
  }

  #ask(check: Check): void {
    const { userId, read, onLeft } = this.#options;
    const { group } = check.notice;
    this.#checks.set(group, check);
    read(userId, { group, after: 0, afterIdentity: '', limit: 1 }, ({ code }) => {
      if (check.isStale) return this.#ask({ ...check, isStale: false });
      this.#checks.delete(group);
      if (code !== 0) onLeft(check.notice);
    });
  }
}
