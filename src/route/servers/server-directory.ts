/**
 * Servers by address, as something to call. `ServerPool` reaches them over links; in `cim dev`
 * there is one, in this process.
 */
import { type ServerApi, serverMethods } from '../../api/server-api.ts';
import type { Clock } from '../../base/clock.ts';
import { describeError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { TlsDialling } from '../../base/network/tls.ts';
import type { Bugs } from '../../base/process/bugs.ts';
import type { Service } from '../../base/process/lifecycle.ts';
import { RecentlyUsed } from '../../base/recently-used.ts';
import type { ClusterKey } from '../../base/secrets/cluster-key.ts';
import { dialUpgrade } from '../../http/upgrade.ts';
import type { ProcessBudget } from '../../limits/process-budget.ts';
import { RemotePeer } from '../../link/remote-peer.ts';
import { originOfServer } from '../../registry/registry.ts';

export interface ServerDirectory {
  /**
   * `address`: a pushAddress (src/registry/registry.ts), as recorded with a session. Never fails; calls to a server
   * that is gone are answered `unanswered`.
   */
  at(address: string): ServerApi;
}

export interface ServerPoolOptions {
  /** Undefined until the roles have agreed on a secret. */
  readonly clusterKey: () => ClusterKey | undefined;
  /** How the certificates of servers are checked, and what is shown to them. */
  readonly tls: TlsDialling;
  readonly clock: Clock;
  /** Of the process. */
  readonly budget: ProcessBudget;
  readonly bugs: Pick<Bugs, 'caught'>;
  readonly log: Logger;
}

/**
 * Servers that one route may know at a time; the least recently used link beyond it is closed, and
 * dialled again when needed.
 */
const serversMax = 4_096;

export class ServerPool implements ServerDirectory, Service {
  readonly #peers: RecentlyUsed<string, RemotePeer<ServerApi>>;
  readonly #connect: (address: string) => RemotePeer<ServerApi>;

  constructor({ clusterKey, tls, clock, budget, bugs, log }: ServerPoolOptions) {
    this.#peers = new RecentlyUsed(serversMax, { dispose: (peer) => peer.close() });
    this.#connect = (address) =>
      new RemotePeer<ServerApi>(serverMethods, {
        dial: async () =>
          dialUpgrade({ origin: originOfServer(address), role: 'server', key: clusterKey(), tls }),
        clock,
        budget,
        bugs,
        weighsEntries: true,
        onDown: (reason) =>
          log.warn({ server: address, error: describeError(reason) }, 'no link to the server'),
      });
  }

  at(address: string): ServerApi {
    let peer = this.#peers.get(address);
    if (!peer) {
      peer = this.#connect(address);
      this.#peers.set(address, peer);
    }
    return peer.api;
  }

  /** Entries that wait for an answer of any server. */
  get inFlight(): number {
    let all = 0;
    for (const peer of this.#peers.values()) all += peer.inFlight;
    return all;
  }

  async stop(): Promise<void> {
    this.#peers.clear();
  }
}
