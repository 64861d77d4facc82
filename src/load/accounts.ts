/**
 * Accounts for a load: registered with a drawn login key, the only proof that a route asks for, and
 * logged in over HTTP, which tells where to connect to.
 */

import { randomBytes } from 'node:crypto';
import { CimError } from '../base/errors.ts';
import { formatHostPort } from '../base/network/host-port.ts';
import { endpointOf, roleAddressOfJson } from '../base/network/role-address.ts';
import { protocolVersion } from '../codec/commands.ts';
import type { requestJson } from '../http/client.ts';

export interface LoadAccount {
  readonly userId: number;
  readonly userName: string;
  readonly loginKey: string;
}

/** Where to connect to, and what to show there. */
export interface LoadLogin {
  readonly host: string;
  readonly port: number;
  /** Empty: the cluster is open to all. */
  readonly token: string;
  readonly tls: boolean;
  /** Where that server takes WebSockets. */
  readonly webSocket?: string;
}

/** As long as a route may take when many ask at once. */
const answerMs = 30_000;

export function drawAccount(userId: number): LoadAccount {
  // As a client with a drawn secret shows it: a route does not count guesses at one.
  const loginKey = `drawn.${randomBytes(32).toString('base64url')}`;
  return { userId, userName: `bench-${userId}`, loginKey };
}

/** What a load asks of routes. */
export class RouteCalls {
  readonly #request: typeof requestJson;

  /** `request`: with the certificates of routes checked as it should be. */
  constructor(request: typeof requestJson) {
    this.#request = request;
  }

  async register(route: string, account: LoadAccount): Promise<void> {
    await this.post(`${route}/registerAccount`, account);
  }

  async logIn(route: string, { userId, userName, loginKey }: LoadAccount): Promise<LoadLogin> {
    const answer = await this.post(`${route}/login`, { userId, userName, loginKey });
    const { endpoints, token = '', webSocket } = answer as LoginAnswer;
    const server = endpointOf(roleAddressOfJson(endpoints) ?? [], 'tcp');
    if (!server) throw new CimError('unavailable', `${route} names no server to connect to`);
    const { host, port, tls } = server;
    if (!tls && route.startsWith('https:'))
      throw new CimError('unavailable', `${formatHostPort(server)} is said to speak no TLS`);
    return { host, port, token, tls, ...(webSocket !== undefined && { webSocket }) };
  }

  /** Resolves to the number from which on its messages are this member's. `path`: makes it, or joins it. */
  async enterGroup(
    route: string,
    path: 'createGroup' | 'joinGroup',
    { userId, group, token }: { userId: number; group: string; token: string },
  ): Promise<number> {
    const entered = await this.post(`${route}/${path}`, { userId, group }, token);
    return (entered as { readonly joined: number }).joined;
  }

  /** As the user of the token; an empty one is not shown. */
  post(url: string, body: unknown, token = ''): Promise<unknown> {
    const headers = {
      'x-cim-version': String(protocolVersion),
      ...(token !== '' && { authorization: `Bearer ${token}` }),
    };
    return this.#request(url, { method: 'POST', headers, body, timeoutMs: answerMs });
  }
}

interface LoginAnswer {
  readonly endpoints?: unknown;
  readonly token?: string;
  readonly webSocket?: string;
}
