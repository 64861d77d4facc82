/**
 * The first gate of a login: a token is one that this cluster gave, still holds, and speaks for whom
 * the login names. Nobody is asked. Whether the account is still of the token's generation, and
 * whether one may come without a token at all, the route says when the session is opened.
 */
import type { TokenClaims } from '../../auth/tokens.ts';
import { CimError } from '../../base/errors.ts';
import type { LoginFrame } from '../../codec/client-frame.ts';
import type { CloseName } from '../../codec/close-codes.ts';

export interface TokenVerifier {
  /** Throws `unauthenticated`, saying why, or `unavailable` while nothing can be verified. */
  verify(token: string): Promise<TokenClaims>;
}

export type TokenVerdict =
  | { readonly generation: number }
  | { readonly refused: CloseName; readonly reason: string };

/** `generation` is 0 for a login without a token. */
export async function judgeToken(
  tokens: TokenVerifier,
  { userId, userName, token }: Pick<LoginFrame, 'userId' | 'userName' | 'token'>,
): Promise<TokenVerdict> {
  if (token === '') return { generation: 0 };
  try {
    const claims = await tokens.verify(token);
    if (claims.userId === userId && claims.userName === userName)
      return { generation: claims.generation };
    return { refused: 'token-refused', reason: 'the token speaks for another user' };
  } catch (error) {
    if (!(error instanceof CimError)) throw error;
    const refused = error.kind === 'unavailable' ? 'unavailable' : 'token-refused';
    return { refused, reason: error.message };
  }
}
