/** What an application gives a client to prove whose it is. */
import type { SecretKeeper } from '../platform.ts';

/**
 * A user proves to be the holder of an account by its secret, or by the word of an application.
 * With none of these only a cluster lets the client in that asks for nothing (`--auth open`).
 */
export interface Credentials {
  /** Where the account's secret is kept. Where it keeps none, one is drawn at the first use. */
  readonly keeper?: SecretKeeper | undefined;
  /**
   * The account's secret, where it is not kept yet: on a second device, or where it was reset. Kept
   * once it has let the client in.
   */
  readonly secret?: string | undefined;
  /**
   * Asks a person for the secret, when none that is known fits. A new call means that what they told
   * did not fit either. Undefined: there is none to be had, and the refusal of the route stands.
   * Rejecting with a CimError ends the login with that one instead.
   */
  readonly ask?: (() => Promise<string | undefined>) | undefined;
  /** What the application vouches for the user with, a JWT: asked for at each login. */
  readonly token?: (() => Promise<string>) | undefined;
}
