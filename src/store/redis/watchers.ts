/** The value of a `watch` key (keys.ts), as the scripts leave it: who is told of a timeline's messages. */
import { RecentlyUsed } from '../../base/recently-used.ts';
import type { Session } from '../sessions.ts';
import type { Watcher } from '../timelines.ts';

/** As in Redis; numbers are text there, since Lua's JSON keeps fourteen digits only. */
type WatcherRow = [
  device: string,
  connectionNumber: string,
  instance: string,
  address: string,
  sessionId: string,
];

/** Parsing again what has not changed would cost each append more than all the rest that the client does for it. */
const parsed = new RecentlyUsed<string, readonly Watcher[]>(10_000);
const nobody: readonly Watcher[] = [];

/** What a user's `watch` key holds who was deleted (scripts/delete-account.lua). */
export function isOfDeleted(value: Buffer | null | undefined): boolean {
  return value?.toString() === '[]';
}

export function parseWatchers(value: Buffer | null | undefined): readonly Watcher[] {
  if (!value) return nobody;
  const text = value.toString();
  let watchers = parsed.get(text);
  if (!watchers) {
    watchers = (JSON.parse(text) as WatcherRow[]).map(watcherOf);
    parsed.set(text, watchers);
  }
  return watchers;
}

/** One row, as the session scripts give it. */
export function parseSession(userId: number, row: Buffer): Session {
  return { userId, ...watcherOf(JSON.parse(row.toString()) as WatcherRow) };
}

function watcherOf([device, connectionNumber, instance, address, sessionId]: WatcherRow): Watcher {
  return {
    device,
    connectionNumber: Number(connectionNumber),
    instance,
    address,
    sessionId: Number(sessionId),
  };
}
