/**
 * What one connection was told of one user it watches, and what it is to be told next. Pure. Whoever
 * was told to be there is told to be gone only after some time without a session: people reconnect,
 * and servers move them.
 */
import { limits } from '../../base/limits.ts';

export interface Told {
  /** Null: nothing yet. */
  readonly online: boolean | null;
  /** ms since 1970; 0 = not shown, or not known, or online. */
  readonly lastSeen: number;
  /** From when on they are gone if they have no session then; Infinity: nothing speaks for it. */
  readonly goneAt: number;
}

/** What there is to know of a user. */
export interface Seen {
  readonly online: boolean;
  readonly lastSeen: number;
}

export const untold: Told = { online: null, lastSeen: 0, goneAt: Infinity };
/** Also of who was told so on the connection before. */
export const toldOnline: Told = { online: true, lastSeen: 0, goneAt: Infinity };

/** After an answer to whether the user is there. */
export function heard(told: Told, { online, lastSeen }: Seen, now: number): Told {
  if (online) return toldOnline;
  const left = told.online ? ended(told, now) : told;
  if (left.online && now < left.goneAt) return left;
  return { online: false, lastSeen, goneAt: Infinity };
}

/** After a session of the user has ended, perhaps one of several. */
export function ended(told: Told, now: number): Told {
  if (!told.online) return told;
  return { ...told, goneAt: Math.min(told.goneAt, now + limits.presenceOfflineMs) };
}

/** After a session of the user was opened: undefined if that does not tell whether they may be seen. */
export function opened(told: Told): Told | undefined {
  return told.online ? toldOnline : undefined;
}

export function isNews(before: Told, after: Told): boolean {
  return before.online !== after.online || before.lastSeen !== after.lastSeen;
}
