/** What operators do is noted, whether it was done or refused: who, when, what, from where. */
import { CimError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Caller, Endpoint } from './endpoint.ts';
import type { BodyOf, BodySchema } from './schema.ts';

export interface AuditedCall {
  /** The name of an operator; empty: whoever knows the cluster secret. */
  readonly by: string;
  readonly address: string;
  /** As `kick`. */
  readonly action: string;
  readonly target: string;
  /** `done`, or the name of the error. */
  readonly outcome: string;
}

/** Does not reject: what was done is not undone by that. */
export type NoteAudit = (call: AuditedCall) => Promise<void>;

/** Runs what an endpoint does, and notes it if it is audited and an operator has called. */
export async function withAudit<Body extends BodySchema>(
  note: NoteAudit | undefined,
  { audited, path }: Endpoint<Body>,
  body: BodyOf<Body>,
  { identity, address }: Caller,
  run: () => unknown,
): Promise<unknown> {
  const by = identity.kind === 'operator-account' ? identity.name : '';
  const isOperator = by !== '' || identity.kind === 'operator';
  if (!note || !audited || !isOperator) return run();
  const action = path.slice(path.lastIndexOf('/') + 1);
  const target = audited(body).slice(0, limits.auditTargetCharactersMax);
  const noted = { by, address, action, target };
  try {
    const answer = await run();
    await note({ ...noted, outcome: 'done' });
    return answer;
  } catch (error) {
    await note({ ...noted, outcome: error instanceof CimError ? error.kind : 'internal' });
    throw error;
  }
}
