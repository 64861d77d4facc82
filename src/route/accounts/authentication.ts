/** How the users of a route prove who they are: `--auth`, and what belongs to it. */
import { ApplicationTokens } from '../../auth/application-tokens.ts';
import { Tokens } from '../../auth/tokens.ts';
import type { Clock } from '../../base/clock.ts';
import { describeError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { ClusterKey } from '../../base/secrets/cluster-key.ts';
import type { RouteSettings } from '../../config/settings.ts';

export type AuthMode = RouteSettings['auth'];

export interface Authentication {
  readonly mode: AuthMode;
  /** What /login gives. */
  readonly tokens: Pick<Tokens, 'issue' | 'verify' | 'isOwn'>;
  /** With `--auth jwt` only. */
  readonly application?: ApplicationTokens;
  /**
   * Reads the application's keys again. What cannot be used changes nothing, and is logged. Absent if
   * there are none. Does not reject.
   */
  readonly reload?: (log: Logger) => Promise<void>;
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
  clusterKeys: () => readonly ClusterKey[],
  clock: Clock,
): Promise<Authentication> {
  const { auth: mode, tokenMinutes } = settings;
  const now = () => clock.now();
  const tokens = new Tokens({ clusterKeys, lifetimeMs: tokenMinutes * 60_000, now });
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
  return { mode, tokens, application, reload: (log) => reloadKeys(application, log) };
}

async function reloadKeys(application: ApplicationTokens, log: Logger): Promise<void> {
  try {
    await application.reload();
    log.info("the application's keys were read again");
  } catch (error) {
    const facts = { error: describeError(error) };
    log.error(facts, "the application's keys cannot be used, those of before stay in use");
  }
}
