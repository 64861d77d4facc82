/** Puts the picture together from what was announced; the same for every registry. */
import {
  javaName,
  type LiveRoute,
  type LiveServer,
  type RegistryView,
  routeName,
} from './registry.ts';

/** A live server, and when it was announced compared with others: what is newer is greater. */
export interface AnnouncedServer {
  readonly server: LiveServer;
  readonly order: number;
}

export const emptyView: RegistryView = { servers: new Map(), choosable: [], routes: [] };

/**
 * `choosableAddresses` may name addresses at which no live server is known: Java servers, or a
 * server whose live node has just gone. They are left out.
 */
export function buildView(
  announced: Iterable<AnnouncedServer>,
  choosableAddresses: ReadonlySet<string>,
  routes: Iterable<LiveRoute>,
): RegistryView {
  const servers = new Map<string, LiveServer>();
  const newestByAddress = new Map<string, AnnouncedServer>();
  for (const candidate of announced) {
    servers.set(candidate.server.instance, candidate.server);
    const address = javaName(candidate.server);
    if (!choosableAddresses.has(address)) continue;
    const newest = newestByAddress.get(address);
    if (!newest || candidate.order > newest.order) newestByAddress.set(address, candidate);
  }
  return {
    servers,
    choosable: inOrder(
      [...newestByAddress.values()].map(({ server }) => server),
      javaName,
    ),
    routes: inOrder([...routes], routeName),
  };
}

function inOrder<T>(items: T[], key: (item: T) => string): T[] {
  return items.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
