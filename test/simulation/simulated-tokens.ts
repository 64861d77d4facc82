/** Tokens that anybody could make: real ones take cryptography, and that takes real time. */
import type { TokenClaims } from '../../src/auth/tokens.ts';
import type { Authentication } from '../../src/route/accounts/authentication.ts';

const lifetimeMs = 3_600_000;

export const simulatedTokens: Authentication['tokens'] = {
  issue: async (claims) => ({ token: JSON.stringify(claims), lifetimeMs }),
  verify: async (token) => JSON.parse(token) as TokenClaims,
  isOwn: () => true,
};
