/**
 * Accounts for a load: registered with a drawn login key, the only proof that a route asks for, and
 * logged in over HTTP, which tells where to connect to.
 */
import { randomBytes } from 'node:crypto';
import { protocolVersion } from '../codec/commands.ts';
import { requestJson } from '../http/client.ts';

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
}

/** As long as a route may take when many ask at once. */
const answerMs = 30_000;

export function drawAccount(userId: number): Account {
  const loginKey = randomBytes(32).toString('base64url');
  return { userId, userName: `bench-${userId}`, loginKey };
}

export async function register(route: string, account: Account): Promise<void> {
  await postJson(`${route}/registerAccount`, account);
}

export async function logIn(route: string, account: Account): Promise<Admission> {
  const answer = await postJson(`${route}/login`, account);
  const {
    ip,
    cimServerPort,
    token = '',
  } = answer as {
    readonly ip: string;
    readonly cimServerPort: number;
    readonly token?: string;
  };
  return { host: ip, port: cimServerPort, token };
}

function postJson(url: string, body: unknown): Promise<unknown> {
  const headers = { 'x-cim-version': String(protocolVersion) };
  return requestJson(url, { method: 'POST', headers, body, timeoutMs: answerMs });
}
