/**
 * Which server a login is sent to: those in choice, less those the client has just failed to reach,
 * by the configured strategy. A Java caller cannot name what to avoid, so for it the chosen server
 * is probed first, as the Java route does.
 */
import { connect } from 'node:net';
import { LRUCache } from 'lru-cache';
import type { Candidate, Strategy } from '../balance/strategy.ts';
import { CimError } from '../base/errors.ts';
import type { ServerAddress } from './operations.ts';

/** A server that may be chosen. */
export interface ServerCandidate extends Candidate, ServerAddress {}

/** What is known of a server's port is believed for this long. */
const probeMs = 1_000;

export class ServerChoice {
  readonly #candidates: () => readonly ServerCandidate[];
  readonly #strategy: Strategy;
  readonly #probes = new LRUCache<string, Promise<boolean>>({ max: 1_024, ttl: probeMs });

  constructor(candidates: () => readonly ServerCandidate[], strategy: Strategy) {
    this.#candidates = candidates;
    this.#strategy = strategy;
  }

  /** `avoid`: `ip:tcpPort`. When everything is to be avoided, nothing is. Throws `no-server`. */
  choose(userId: number, avoid: readonly string[]): ServerCandidate {
    const all = this.#candidates();
    const rest = all.filter(({ ip, tcpPort }) => !avoid.includes(`${ip}:${tcpPort}`));
    const candidates = rest.length > 0 ? rest : all;
    if (candidates.length === 0) throw new CimError('no-server');
    return this.#strategy(candidates, String(userId));
  }

  /**
   * Chooses a server that accepts a connection right now, trying each at most once. Throws
   * `no-server`.
   */
  async chooseReachable(userId: number): Promise<ServerCandidate> {
    let rest = this.#candidates();
    while (rest.length > 0) {
      const chosen = this.#strategy(rest, String(userId));
      if (await this.#reachable(chosen)) return chosen;
      rest = rest.filter(({ key }) => key !== chosen.key);
    }
    throw new CimError('no-server');
  }

  #reachable({ key, ip, tcpPort }: ServerCandidate): Promise<boolean> {
    let probe = this.#probes.get(key);
    if (!probe) {
      probe = probeTcp(ip, tcpPort);
      this.#probes.set(key, probe);
    }
    return probe;
  }
}

function probeTcp(host: string, port: number): Promise<boolean> {
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
