/**
 * Accounts for a load: registered with a drawn login key, the only proof that a route asks for, and
 * logged in over HTTP, which tells where to connect to.
 */
import { randomBytes } from 'node:crypto';
import { protocolVersion } from '../codec/commands.ts';
import type { requestJson } from '../http/client.ts';

export interface Account {
  readonly userId: number;
  readonly userName: string;
  readonly loginKey: string;
}

/** Where to connect to, and what to show there. */
export interface Admission {
  readonly host: string;
  readonly port: number;
  /** Empty: the cluster is open to all. */
  readonly token: string;
  readonly tls: boolean;
}

/** As long as a route may take when many ask at once. */
const answerMs = 30_000;

export function drawAccount(userId: number): Account {
  const loginKey = randomBytes(32).toString('base64url');
  return { userId, userName: `bench-${userId}`, loginKey };
}

/** What a load asks of routes. */
export class RouteCalls {
  readonly #request: typeof requestJson;

  /** `request`: with the certificates of routes checked as it should be. */
  constructor(request: typeof requestJson) {
    this.#request = request;
  }

  async register(route: string, account: Account): Promise<void> {
    await this.post(`${route}/registerAccount`, account);
  }

  async logIn(route: string, { userId, userName, loginKey }: Account): Promise<Admission> {
    const answer = await this.post(`${route}/login`, { userId, userName, loginKey });
    const { ip, cimServerPort, token = '', tls = false } = answer as LoginAnswer;
    return { host: ip, port: cimServerPort, token, tls };
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
  readonly ip: string;
  readonly cimServerPort: number;
  readonly token?: string;
  readonly tls?: boolean;
}
