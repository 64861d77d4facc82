/**
 * Logins on their way to a route. The interest in the lobby is registered first, then the session,
 * whose answer names the lobby's newest number: so nothing said in between is missed.
 */
import type { OpenEntry, OpenResult, RouteApi } from '../../api/route-api.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { limits } from '../../base/limits.ts';
import { BoundedGather } from '../../link/bounded-gather.ts';
import type { GroupTable } from '../groups/group-table.ts';
import type { ClientSession } from './client-session.ts';

export interface LoginsOptions {
  readonly routes: Pick<RouteApi, 'open'>;
  readonly groups: GroupTable;
  readonly clock: Clock;
  readonly onOpened: (session: ClientSession, result: OpenResult) => void;
}

const retryMs = 300;

export class Logins {
  readonly #options: LoginsOptions;
  readonly #opens: BoundedGather<OpenEntry, OpenResult, ClientSession>;
  /** Those that wait for the lobby's interest. */
  readonly #waiting = new Map<ClientSession, OpenEntry>();
  #isBegun = false;
  #isWaitingForLobby = false;
  #retry: Timer | undefined;

  constructor(options: LoginsOptions) {
    this.#options = options;
    this.#opens = new BoundedGather(options.routes.open, limits.callsUnderWayMax, options.onOpened);
  }

  /** From now on sessions are reported: routes know of this server. */
  begin(): void {
    this.#isBegun = true;
    if (this.#waiting.size > 0) this.#waitForLobby();
  }

  add(session: ClientSession, entry: OpenEntry): void {
    this.#waiting.set(session, entry);
    if (this.#isBegun && !this.#isWaitingForLobby) this.#waitForLobby();
  }

  /** Reports a session once more. */
  repeat(session: ClientSession, entry: OpenEntry): void {
    this.#opens.add(entry, session);
  }

  /** The session has ended. */
  forget(session: ClientSession): void {
    this.#waiting.delete(session);
  }

  stop(): void {
    this.#retry?.cancel();
  }

  #waitForLobby(): void {
    const { groups, clock } = this.#options;
    this.#isWaitingForLobby = true;
    groups.whenRegistered(groups.lobby, (code) => {
      if (code === 0) this.#openWaiting();
      else this.#retry = clock.setTimeout(() => this.#waitForLobby(), retryMs);
    });
  }

  #openWaiting(): void {
    this.#isWaitingForLobby = false;
    for (const [session, entry] of this.#waiting) this.#opens.add(entry, session);
    this.#waiting.clear();
  }
}
