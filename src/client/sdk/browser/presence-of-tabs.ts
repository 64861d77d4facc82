/** Whom the tabs of a device watch, together. */
import type { CimClient } from '../client.ts';
import type { UserPresence } from '../client-events.ts';

export interface PresenceOfTabsOptions {
  readonly client: Pick<CimClient, 'watchPresence' | 'unwatchPresence'>;
  /** What is known of somebody who is watched by one more tab: a client is told once. */
  readonly onKnown: (presence: UserPresence) => void;
}

export function presenceOfTabs({ client, onKnown }: PresenceOfTabsOptions) {
  const byTab = new Map<string, ReadonlySet<number>>();
  const known = new Map<number, UserPresence>();
  const all = () => new Set([...byTab.values()].flatMap((ids) => [...ids]));
  return {
    /** From now on this tab watches these; throws as CimClient.watchPresence() does. */
    watch(tab: string, userIds: readonly number[]): void {
      const before = all();
      const own = byTab.get(tab) ?? new Set();
      if (userIds.length > 0) byTab.set(tab, new Set(userIds));
      else byTab.delete(tab);
      const after = all();
      const noLonger = [...before].filter((id) => !after.has(id));
      for (const id of noLonger) known.delete(id);
      client.unwatchPresence(noLonger);
      client.watchPresence([...after].filter((id) => !before.has(id)));
      for (const id of userIds) {
        const presence = own.has(id) ? undefined : known.get(id);
        if (presence) onKnown(presence);
      }
    },
    moved(presence: UserPresence): void {
      if (all().has(presence.userId)) known.set(presence.userId, presence);
    },
    /** Not connected: nothing is known. */
    lost(): void {
      known.clear();
    },
  };
}
