/**
 * How a browser bears what an operator has signed in by (src/auth/operator-tokens.ts): the token in a
 * cookie that no script reads and that no other site's page has sent, the other half in a header that
 * no browser sets by itself.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { OperatorAccountIdentity, Proofs } from '../auth/identity.ts';
import { limits } from '../base/limits.ts';
import type { Endpoint, KeptSession } from './endpoint.ts';

const name = 'cim-operator';
/** The other half. */
const halfHeader = 'x-cim-operator';
/** All that operators call in a browser is below it, and only there it is looked at. */
const root = '/admin';
const attributes = `Path=${root}; HttpOnly; SameSite=Strict`;

/** Null: it is kept no longer. `isSecure`: by the port, or a trusted proxy in front of it. */
export function cookieOf(
  session: KeptSession | null,
  { isSecure }: { readonly isSecure: boolean },
): string {
  const secure = isSecure ? '; Secure' : '';
  if (!session) return `${name}=; ${attributes}${secure}; Max-Age=0`;
  const ends = new Date(session.endsAt).toUTCString();
  return `${name}=${session.token}; ${attributes}${secure}; Expires=${ends}`;
}

/**
 * Who has signed in, where such a one may call. Undefined: nobody, or half of one; whoever shows anything
 * else is asked about that. Throws `unauthenticated` for what is no session, or none any more.
 */
export async function operatorOf(
  { operators }: Pick<Proofs, 'operators'>,
  { access, path }: Pick<Endpoint, 'access' | 'path'>,
  { cookie = '', authorization, [halfHeader]: half }: IncomingHttpHeaders,
): Promise<OperatorAccountIdentity | undefined> {
  if (access.who !== 'operators' || access.accounts === undefined) return undefined;
  if (!path.startsWith(`${root}/`) || authorization !== undefined || typeof half !== 'string')
    return undefined;
  if (cookie.length + half.length > limits.tokenCharactersMax) return undefined;
  const pairs = cookie.split(';').map((each) => each.trim());
  const own = pairs.find((each) => each.startsWith(`${name}=`));
  const token = own?.slice(name.length + 1);
  return token ? operators?.ofSession(token, half) : undefined;
}
