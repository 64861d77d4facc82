/**
 * Logins on their way to a route. The interest in the lobby is registered first, then the session,
 * whose answer names the lobby's newest number: so nothing said in between is missed.
 */
import type { OpenEntry, OpenResult, RouteApi } from '../api/route-api.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { Gather } from '../link/gather.ts';
import type { ClientConnection } from './client-connection.ts';
import type { GroupTable } from './group-table.ts';

export interface LoginsOptions {
  readonly routes: Pick<RouteApi, 'open'>;
  readonly groups: GroupTable;
  readonly clock: Clock;
  readonly onOpened: (connection: ClientConnection, result: OpenResult) => void;
}

const retryMs = 300;

export class Logins {
  readonly #options: LoginsOptions;
  readonly #opens: Gather<OpenEntry, OpenResult, ClientConnection>;
  /** Those that wait for the lobby's interest. */
  readonly #waiting = new Map<ClientConnection, OpenEntry>();
  #isWaitingForLobby = false;
  #retry: Timer | undefined;

  constructor(options: LoginsOptions) {
    this.#options = options;
    this.#opens = new Gather(options.routes.open, options.onOpened);
  }

  add(connection: ClientConnection, entry: OpenEntry): void {
    this.#waiting.set(connection, entry);
    if (!this.#isWaitingForLobby) this.#waitForLobby();
  }

  /** Reports a session once more. */
  repeat(connection: ClientConnection, entry: OpenEntry): void {
    this.#opens.add(entry, connection);
  }

  /** The connection has gone. */
  forget(connection: ClientConnection): void {
    this.#waiting.delete(connection);
  }

  stop(): void {
    this.#retry?.cancel();
  }

  #waitForLobby(): void {
    const { groups, clock } = this.#options;
    this.#isWaitingForLobby = true;
    groups.whenRegistered(groups.lobby, (isRegistered) => {
      if (isRegistered) this.#openWaiting();
      else this.#retry = clock.setTimeout(() => this.#waitForLobby(), retryMs);
    });
  }

  #openWaiting(): void {
    this.#isWaitingForLobby = false;
    for (const [connection, entry] of this.#waiting) this.#opens.add(entry, connection);
    this.#waiting.clear();
  }
}
