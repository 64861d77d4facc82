/**
 * Tells all servers when one of them has ended, as far as the registry knows: nobody closes the
 * sessions of a server that has crashed, so those who watch its people would hear of it late.
 */
import type { Registry } from '../../registry/registry.ts';
import { pushAddress } from '../../registry/registry.ts';
import type { ServerDirectory } from '../servers/server-directory.ts';

export interface GoneServersOptions {
  readonly registry: Pick<Registry, 'view' | 'isGone' | 'onChange'>;
  readonly servers: ServerDirectory;
}

export class GoneServers {
  readonly #options: GoneServersOptions;
  /** Instances that were seen, and not yet told to have ended. */
  readonly #known = new Set<string>();
  #unwatch: (() => void) | undefined;

  constructor(options: GoneServersOptions) {
    this.#options = options;
  }

  start(): void {
    this.#look();
    this.#unwatch = this.#options.registry.onChange(() => this.#look());
  }

  stop(): void {
    this.#unwatch?.();
  }

  #look(): void {
    const { registry } = this.#options;
    const { servers } = registry.view;
    for (const instance of servers.keys()) this.#known.add(instance);
    for (const instance of this.#known) {
      // While it is not certain it is looked at again at the next change; servers also ask by themselves.
      if (servers.has(instance) || !registry.isGone(instance)) continue;
      this.#known.delete(instance);
      this.#tell(instance);
    }
  }

  #tell(gone: string): void {
    const { registry, servers } = this.#options;
    for (const server of registry.view.servers.values()) {
      const { instance } = server;
      servers.at(pushAddress(server)).serverGone([{ instance, gone }], () => {
        // Whether or not it arrived: the server asks anew.
      });
    }
  }
}
