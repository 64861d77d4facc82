/** Number, secret and name in one line, so that another device needs to be told only once. */
import type { User } from '../../client/sdk/index.ts';

/** `cim:7:SECRET:bob`: the name is last, as there may be anything in it. */
export function signInCode({ userId, userName }: User, secret: string): string {
  return `cim:${userId}:${secret}:${userName}`;
}

/** Undefined: it is none. */
export function parseSignInCode(
  text: string,
): { readonly user: User; readonly secret: string } | undefined {
  const [, userId, secret, userName] = /^\s*cim:(\d{1,16}):(\S+?):(.+?)\s*$/u.exec(text) ?? [];
  if (userId === undefined || secret === undefined || userName === undefined) return undefined;
  return { user: { userId: Number(userId), userName }, secret };
}
