/** How the users of a route prove who they are: `--auth`, and what belongs to it. */
import { ApplicationTokens } from '../auth/application-tokens.ts';
import { Tokens } from '../auth/tokens.ts';
import type { Clock } from '../base/clock.ts';
import type { RouteSettings } from '../config/settings.ts';

export type AuthMode = RouteSettings['auth'];

export interface Authentication {
  readonly mode: AuthMode;
  /** What /login gives. */
  readonly tokens: Pick<Tokens, 'issue' | 'verify' | 'isOwn'>;
  /** With `--auth jwt` only. */
  readonly application?: ApplicationTokens;
}

type AuthenticationSettings = Pick<
  RouteSettings,
  | 'auth'
  | 'tokenMinutes'
  | 'jwtSecret'
  | 'jwtKeys'
  | 'jwtIssuer'
  | 'jwtAudience'
  | 'jwtIdClaim'
  | 'jwtNameClaim'
>;

/** Rejects with `bad-config`, naming the setting. */
export async function openAuthentication(
  settings: AuthenticationSettings,
  secrets: () => readonly string[],
  clock: Clock,
): Promise<Authentication> {
  const { auth: mode, tokenMinutes } = settings;
  const now = () => clock.now();
  const tokens = new Tokens({ secrets, lifetimeMs: tokenMinutes * 60_000, now });
  if (mode !== 'jwt') return { mode, tokens };
  const application = await ApplicationTokens.open({
    secret: settings.jwtSecret,
    keys: settings.jwtKeys,
    issuer: settings.jwtIssuer,
    audience: settings.jwtAudience,
    idClaim: settings.jwtIdClaim,
    nameClaim: settings.jwtNameClaim,
    now,
  });
  return { mode, tokens, application };
}
