/** Who may call an endpoint, as endpoints declare it, and whether a caller is one of them. */
import type { Identity, OperatorAccountIdentity } from '../auth/identity.ts';
import { CimError } from '../base/errors.ts';
import type { ApiKeyScope } from '../base/secrets/api-key-scope.ts';

export type Access<Body> = Anyone | OperatorAccess | ApplicationAccess | UserAccess<Body>;

interface Anyone {
  readonly who: 'anyone';
}

/** Those who bear the cluster secret. They may call everything else as well. */
interface OperatorAccess {
  readonly who: 'operators';
  /**
   * Those, too, who have signed in with an account of this role: `view` is enough for what changes
   * nothing, `manage` may all of it. Absent: none of them.
   */
  readonly accounts?: OperatorAccountIdentity['role'];
}

/** Keys of applications of these scopes; no user. */
interface ApplicationAccess {
  readonly who: 'applications';
  readonly keys: readonly ApiKeyScope['kind'][];
}

interface UserAccess<Body> {
  readonly who: 'users';
  /** The field that names the user for whom this is done: nobody may name another one. */
  readonly actor?: keyof Body & string;
  /** The keys of applications that may call it, for any user; none if absent. */
  readonly keys?: readonly ApiKeyScope['kind'][];
  /** The group that is written to, for keys that are for one; undefined: it is none. */
  readonly group?: (body: Body) => string | undefined;
}

/** Applications and operators speak for many: what one account may say does not bind them. */
export function isExempt({ kind }: Identity): boolean {
  return kind === 'application' || kind === 'operator';
}

export const anyone: Anyone = { who: 'anyone' };

/**
 * What can be said before the body is known. `open`: `--auth open`, where whoever shows nothing may
 * act for any user. Throws `unauthenticated` or `not-allowed`.
 */
export function assertMayCall<Body>(access: Access<Body>, identity: Identity, open: boolean): void {
  if (access.who === 'anyone' || identity.kind === 'operator') return;
  if (access.who === 'operators') {
    if (identity.kind === 'operator-account' && isOfRole(identity, access)) return;
    const needed = 'this needs the header Authorization: Bearer <cluster secret>';
    throw new CimError(identity.kind === 'nobody' ? 'unauthenticated' : 'not-allowed', needed);
  }
  if (access.who === 'applications' && identity.kind !== 'application') {
    const needed = `this needs the key of an application, for ${access.keys.join(' or ')}`;
    throw new CimError(identity.kind === 'nobody' ? 'unauthenticated' : 'not-allowed', needed);
  }
  if (identity.kind === 'operator-account')
    throw new CimError('not-allowed', 'an account of an operator is no user');
  if (identity.kind === 'nobody' && !open) {
    throw new CimError(
      'unauthenticated',
      'this needs the header Authorization: Bearer <token>, with the token that /login gives',
    );
  }
  if (identity.kind === 'application' && !access.keys?.includes(identity.scope.kind)) {
    throw new CimError('not-allowed', 'the key is not for this');
  }
}

function isOfRole({ role }: OperatorAccountIdentity, { accounts }: OperatorAccess): boolean {
  if (accounts === undefined) return false;
  if (role === 'manage' || accounts === 'view') return true;
  throw new CimError('not-allowed', 'this account may look, and change nothing');
}

/** What the body has to do with it. Throws `not-allowed`. */
export function assertMayAct<Body>(access: Access<Body>, identity: Identity, body: Body): void {
  if (access.who !== 'users') return;
  const { actor, group } = access;
  if (identity.kind === 'user' && actor !== undefined) {
    const named = body[actor];
    if (named !== undefined && named !== identity.userId) {
      throw new CimError('not-allowed', `${actor}: you are user ${identity.userId}`);
    }
  }
  if (identity.kind === 'application' && identity.scope.kind === 'group') {
    const { group: allowed } = identity.scope;
    if (group?.(body) !== allowed) {
      throw new CimError('not-allowed', `the key is for the group ${allowed} only`);
    }
  }
}
