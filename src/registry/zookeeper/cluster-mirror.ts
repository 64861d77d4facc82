/**
 * What is seen of the cluster: the folders that are followed, mirrored over one connection after
 * the other, and the view made of them.
 */
import type { Logger } from '../../base/log.ts';
import type { LiveRoute, RegistryView } from '../registry.ts';
import { type AnnouncedServer, buildView } from '../registry-view.ts';
import type { Connection } from './connection.ts';
import { FolderMirror } from './folder-mirror.ts';
import { decodeRoute, decodeServer, folders } from './nodes.ts';

export interface ClusterMirrorOptions {
  readonly chroot: string;
  readonly follow: readonly ('servers' | 'routes')[];
  readonly log: Logger;
  readonly onChange: () => void;
}

export class ClusterMirror {
  readonly #options: ClusterMirrorOptions;
  #folders: readonly Pick<FolderMirror<unknown>, 'load' | 'noticeEvent'>[] = [];
  #live: ReadonlyMap<string, AnnouncedServer> = new Map();
  #choosable: ReadonlyMap<string, true> = new Map();
  #routes: ReadonlyMap<string, LiveRoute> = new Map();

  constructor(options: ClusterMirrorOptions) {
    this.#options = options;
  }

  /** As of now, or as last seen. */
  view(): RegistryView {
    return buildView(this.#live.values(), new Set(this.#choosable.keys()), this.#routes.values());
  }

  /**
   * Resolves when everything has been read over this connection. What was seen over the one before
   * stays until then.
   */
  async load(connection: Connection): Promise<void> {
    const { follow } = this.#options;
    this.#folders = [
      ...(follow.includes('servers')
        ? [this.#mirrorLive(connection), this.#mirrorChoosable(connection)]
        : []),
      ...(follow.includes('routes') ? [this.#mirrorRoutes(connection)] : []),
    ];
    await Promise.all(this.#folders.map((folder) => folder.load()));
  }

  /** To be told of every node event of the connection. */
  noticeEvent(path: string): void {
    for (const folder of this.#folders) folder.noticeEvent(path);
  }

  #mirrorLive(connection: Connection): FolderMirror<AnnouncedServer> {
    return new FolderMirror<AnnouncedServer>({
      connection,
      path: this.#options.chroot + folders.live,
      withData: true,
      decode: (instance, data, order) => {
        const server = decodeServer(instance, data);
        return server ? { server, order } : this.#ignore(folders.live, instance);
      },
      onChange: (live) => {
        this.#live = live;
        this.#options.onChange();
      },
    });
  }

  #mirrorChoosable(connection: Connection): FolderMirror<true> {
    return new FolderMirror<true>({
      connection,
      path: this.#options.chroot + folders.choosable,
      withData: false,
      decode: () => true,
      onChange: (choosable) => {
        this.#choosable = choosable;
        this.#options.onChange();
      },
    });
  }

  #mirrorRoutes(connection: Connection): FolderMirror<LiveRoute> {
    return new FolderMirror<LiveRoute>({
      connection,
      path: this.#options.chroot + folders.routes,
      withData: true,
      decode: (name, data) => decodeRoute(data) ?? this.#ignore(folders.routes, name),
      onChange: (routes) => {
        this.#routes = routes;
        this.#options.onChange();
      },
    });
  }

  #ignore(folder: string, name: string): undefined {
    this.#options.log.warn({ folder, name }, 'ignoring a node that is not understood');
  }
}
