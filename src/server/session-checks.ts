/**
 * So that nothing lost stays lost: each logged-in connection is asked about now and then, spread
 * over the period. A newer message than any that has arrived here was lost on its way (the route
 * crashed after storing it, say): the client is told to read. A session that the store does not
 * know (a failover lost it) is reported again.
 */
import type { CheckEntry, CheckResult, RouteApi } from '../api/route-api.ts';
import { limits } from '../base/limits.ts';
import type { ClientConnection } from './client-connection.ts';

export interface SessionChecksOptions {
  readonly routes: Pick<RouteApi, 'check'>;
  readonly instance: string;
  readonly onUnknown: (connection: ClientConnection) => void;
}

interface Suspicion {
  readonly connection: ClientConnection;
  readonly head: number;
}

/** A connection's turn comes once in as many sweeps. */
const turnCount = limits.checkMs / limits.sweepMs;

export class SessionChecks {
  readonly #options: SessionChecksOptions;
  #turn = 0;
  /** What was not here when the answer came. It may only have been faster than the push. */
  #suspicions: Suspicion[] = [];

  constructor(options: SessionChecksOptions) {
    this.#options = options;
  }

  /** Asks for those whose turn it is; called once per `limits.sweepMs`. */
  sweep(sessions: Iterable<ClientConnection>): void {
    const suspicions = this.#suspicions;
    this.#suspicions = [];
    for (const { connection, head } of suspicions) connection.missed(head);
    this.#turn = (this.#turn + 1) % turnCount;
    const asked: ClientConnection[] = [];
    for (const connection of sessions)
      if (connection.sessionId % turnCount === this.#turn) asked.push(connection);
    if (asked.length > 0) this.#ask(asked);
  }

  #ask(connections: readonly ClientConnection[]): void {
    const { routes, instance } = this.#options;
    const newest = connections.map((connection) => connection.newest);
    const entries = connections.map(
      ({ userId, device, connectionNumber, sessionId }): CheckEntry => ({
        userId,
        device,
        connectionNumber,
        instance,
        sessionId,
      }),
    );
    routes.check(entries, (index, result) => {
      const connection = connections[index] as ClientConnection;
      if (result.code === 0 && connection.ready)
        this.#compare(connection, newest[index] as number, result);
    });
  }

  /** `newest`: what had arrived when it was asked. */
  #compare(connection: ClientConnection, newest: number, { known, head }: CheckResult): void {
    if (!known) this.#options.onUnknown(connection);
    if (head > connection.newest) this.#suspicions.push({ connection, head });
    // The store gives out numbers anew, after a failover that lost a tail.
    else if (connection.newest === newest) connection.newest = head;
  }
}
