/**
 * A World whose routes let nobody in who does not prove to be the holder of an account, as a route
 * with `--auth secret` does: by what is derived from its secret at /login, by the token that gives
 * elsewhere.
 */
import { CimError } from '../../../../src/base/errors.ts';
import { ignore } from '../../../../src/base/ignore.ts';
import type { CimClient } from '../../../../src/client/sdk/index.ts';
import type { Welcome } from '../../../../src/codec/server-frame.ts';
import { serverAddress } from '../../../support/role-addresses.ts';
import { settle } from '../../../support/virtual-clock.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import { type ServerConnection, World } from './scripted-server.ts';

export class GuardedWorld extends World {
  /** By user id: what shows the holder of the account. */
  readonly loginKeys = new Map<unknown, unknown>();
  tokenSeconds = 3_600;
  salt = '5a'.repeat(16);
  saltsAsked = 0;
  /** Answers to this path are lost so many times more, after the route has done what it was asked. */
  lostAnswers: Record<string, number> = {};
  #tokens = 0;
  /** The only one that is good. */
  token = '';

  constructor() {
    super();
    this.#guard('/registerAccount', ({ userId, userName, loginKey }) => {
      if (loginKey === undefined) throw new CimError('unauthenticated', 'loginKey is missing');
      const known = this.loginKeys.get(userId) ?? loginKey;
      this.loginKeys.set(userId, known);
      if (known !== loginKey) throw new CimError('account-mismatch');
      return { userId, userName };
    });
    this.#guard('/salt', () => {
      this.saltsAsked += 1;
      return { salt: this.salt };
    });
    this.#guard('/login', ({ userId, loginKey }) => {
      if (this.loginKeys.get(userId) !== loginKey) throw new CimError('account-mismatch');
      this.token = `token ${++this.#tokens}`;
      const { token, tokenSeconds } = this;
      return {
        endpoints: serverAddress('10.0.0.1', 9000, 8081, true),
        token,
        tokenSeconds,
      };
    });
    this.#guard('/rotateSecret', ({ userId, loginKey, newLoginKey }) => {
      const known = this.loginKeys.get(userId);
      if (known !== loginKey && known !== newLoginKey) throw new CimError('account-mismatch');
      this.loginKeys.set(userId, newLoginKey);
      this.token = '';
      return null;
    });
    this.handlers['/groups'] = (_body, bearer) => {
      if (bearer !== this.token) throw new CimError('unauthenticated', 'the token is void');
      return [];
    };
  }

  /**
   * Starts a client and waits until it has connected so many times: what is derived from secrets is
   * worked out beside the event loop, so that no number of turns of it is enough.
   */
  async connected(client: CimClient, count = this.connections.length + 1): Promise<void> {
    client.start().catch(ignore('events tell'));
    await this.whenConnected(count);
  }

  async whenConnected(count: number): Promise<void> {
    await waitUntil('a connection', () => this.connections.length >= count || undefined);
    await settle();
  }

  async letIn(client: CimClient, welcome: Partial<Welcome> = {}): Promise<ServerConnection> {
    await this.connected(client);
    return this.welcomeNext(welcome);
  }

  #guard(path: string, handle: (body: Record<string, unknown>) => unknown): void {
    this.handlers[path] = (body) => {
      const answer = handle(body);
      const lost = this.lostAnswers[path] ?? 0;
      if (lost === 0) return answer;
      this.lostAnswers[path] = lost - 1;
      throw new CimError('unavailable', 'the answer was lost');
    };
  }
}
