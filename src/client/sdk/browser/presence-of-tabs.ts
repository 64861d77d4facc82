/** Whom the tabs of a device watch, together. */
import type { CimClient } from '../client.ts';

export function presenceOfTabs(client: Pick<CimClient, 'watchPresence' | 'unwatchPresence'>) {
  const byTab = new Map<string, ReadonlySet<number>>();
  const all = () => new Set([...byTab.values()].flatMap((ids) => [...ids]));
  return {
    /** From now on this tab watches these; throws as CimClient.watchPresence() does. */
    watch(tab: string, userIds: readonly number[]): void {
      const before = all();
      byTab.set(tab, new Set(userIds));
      const after = all();
      client.unwatchPresence([...before].filter((id) => !after.has(id)));
      client.watchPresence([...after].filter((id) => !before.has(id)));
    },
  };
}
