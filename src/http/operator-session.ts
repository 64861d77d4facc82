/**
 * How a browser bears what an operator has signed in by (src/auth/operator-tokens.ts): the token in a
 * cookie that no script reads and that no other site's page has sent, the other half in a header that
 * no browser sets by itself.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { limits } from '../base/limits.ts';
import type { Endpoint, KeptSession } from './endpoint.ts';

const name = 'cim-operator';
/** The other half. */
export const halfHeader = 'x-cim-operator';
/** All that operators call in a browser is below it, and only there it is looked at. */
const path = '/admin';
const attributes = `Path=${path}; HttpOnly; SameSite=Strict`;

/** Null: it is kept no longer. `isSecure`: by the port, whatever a proxy speaks in front of it. */
export function cookieOf(
  session: KeptSession | null,
  { isSecure }: { readonly isSecure: boolean },
): string {
  const secure = isSecure ? '; Secure' : '';
  if (!session) return `${name}=; ${attributes}${secure}; Max-Age=0`;
  const ends = new Date(session.endsAt).toUTCString();
  return `${name}=${session.token}; ${attributes}${secure}; Expires=${ends}`;
}

/** Undefined: there is none, or half of one. Whoever shows anything else is asked about that. */
export function sessionIn(
  endpoint: Pick<Endpoint, 'path'>,
  headers: IncomingHttpHeaders,
): { readonly token: string; readonly half: string } | undefined {
  if (!endpoint.path.startsWith(`${path}/`)) return undefined;
  const { cookie = '', authorization, [halfHeader]: half } = headers;
  if (authorization !== undefined || typeof half !== 'string') return undefined;
  if (cookie.length + half.length > limits.tokenCharactersMax) return undefined;
  const pairs = cookie.split(';').map((each) => each.trim());
  const own = pairs.find((each) => each.startsWith(`${name}=`));
  const token = own?.slice(name.length + 1);
  return token ? { token, half } : undefined;
}
