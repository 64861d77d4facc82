/**
 * Which server a login is sent to: those in choice, less those the client has just failed to reach,
 * by the configured strategy. A Java caller cannot name what to avoid, so for it the chosen server
 * is probed first, as the Java route does.
 */
import { connect } from 'node:net';
import type { Candidate, Strategy } from '../../balance/strategy.ts';
import { CimError } from '../../base/errors.ts';
import { formatHostPort, type HostPort, parseHostPort } from '../../base/network/host-port.ts';
import { RecentlyUsed } from '../../base/recently-used.ts';
import { endpointOfRole, javaName, type LiveServer, serverName } from '../../registry/registry.ts';

/** A server that may be chosen. */
interface ServerCandidate extends Candidate {
  readonly server: LiveServer;
}

/** What is known of a server's port is believed for this long. */
const probeMs = 1_000;

export class ServerChoice {
  readonly #servers: () => readonly LiveServer[];
  readonly #strategy: Strategy;
  readonly #probes = new RecentlyUsed<string, Promise<boolean>>(1_024, { ttl: probeMs });

  /** `servers`: those that may be chosen now. */
  constructor(servers: () => readonly LiveServer[], strategy: Strategy) {
    this.#servers = servers;
    this.#strategy = strategy;
  }

  /** `avoid`: `host:port`. When everything is to be avoided, nothing is. Throws `no-server`. */
  choose(userId: number, avoid: readonly string[]): LiveServer {
    const all = this.#candidates();
    const avoided = new Set(avoid.map(canonicalName));
    const rest = all.filter(({ server }) => !avoided.has(serverName(server)));
    const candidates = rest.length > 0 ? rest : all;
    if (candidates.length === 0) throw new CimError('no-server');
    return this.#strategy(candidates, String(userId)).server;
  }

  /**
   * Chooses a server that accepts a connection right now, trying each at most once. Throws
   * `no-server`.
   */
  async chooseReachable(userId: number): Promise<LiveServer> {
    let rest = this.#candidates();
    while (rest.length > 0) {
      const chosen = this.#strategy(rest, String(userId));
      if (await this.#reachable(chosen)) return chosen.server;
      rest = rest.filter(({ key }) => key !== chosen.key);
    }
    throw new CimError('no-server');
  }

  #candidates(): ServerCandidate[] {
    return this.#servers().map((server) => ({
      key: javaName(server),
      connections: server.connections,
      server,
    }));
  }

  #reachable({ key, server }: ServerCandidate): Promise<boolean> {
    let probe = this.#probes.get(key);
    if (!probe) {
      probe = probeTcp(endpointOfRole(server, 'tcp'));
      this.#probes.set(key, probe);
    }
    return probe;
  }
}

function probeTcp({ host, port }: HostPort): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (reachable: boolean) => {
      socket.destroy();
      resolve(reachable);
    };
    socket.setTimeout(probeMs, () => settle(false));
    socket.on('connect', () => settle(true));
    socket.on('error', () => settle(false));
  });
}

/** As servers are called here, however the caller writes an IPv6 address. */
export function canonicalName(text: string): string {
  const address = parseHostPort(text);
  return address ? formatHostPort(address) : text;
}
