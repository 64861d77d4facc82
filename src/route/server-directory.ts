/**
 * Servers by address, as something to call. `ServerPool` reaches them over links; in `cim dev`
 * there is one, in this process.
 */
import { LRUCache } from 'lru-cache';
import type { ServerApi } from '../api/server-api.ts';
import type { Clock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import type { Service } from '../base/lifecycle.ts';
import type { Logger } from '../base/log.ts';
import type { TlsDialling } from '../base/tls.ts';
import { dialUpgrade } from '../http/upgrade.ts';
import { serverMethods } from '../link/methods.ts';
import { RemotePeer } from '../link/remote-peer.ts';
import { originOfServer } from '../registry/registry.ts';

export interface ServerDirectory {
  /**
   * `address`: a pushAddress (src/registry/registry.ts), as recorded with a session. Never fails; calls to a server
   * that is gone are answered `unanswered`.
   */
  at(address: string): ServerApi;
}

export interface ServerPoolOptions {
  /** Undefined until the roles have agreed on one. */
  readonly secret: () => string | undefined;
  /** How the certificates of servers are checked, and what is shown to them. */
  readonly tls: TlsDialling;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Servers that one route may know at a time; the least recently used link beyond it is closed, and
 * dialled again when needed.
 */
const serversMax = 4_096;

export class ServerPool implements ServerDirectory, Service {
  readonly #peers: LRUCache<string, RemotePeer<ServerApi>>;
  readonly #connect: (address: string) => RemotePeer<ServerApi>;

  constructor({ secret, tls, clock, log }: ServerPoolOptions) {
    this.#peers = new LRUCache({ max: serversMax, dispose: (peer) => peer.close() });
    this.#connect = (address) =>
      new RemotePeer(serverMethods, {
        dial: () => dialUpgrade(originOfServer(address), secret() ?? '', tls),
        clock,
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

  async stop(): Promise<void> {
    this.#peers.clear();
  }
}
