/** What operators do, in the store and in the log of the route: one of both may fail. */
import type { Clock } from '../../base/clock.ts';
import { describeError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { NoteAudit } from '../../http/audit.ts';
import type { AuditLog } from '../../store/audit.ts';

export function auditNoter(audit: AuditLog, clock: Clock, log: Logger): NoteAudit {
  return async (call) => {
    log.info(call, 'an operator has acted');
    try {
      await audit.note({ at: clock.now(), ...call });
    } catch (error) {
      log.error({ error: describeError(error) }, 'what an operator did is not in the audit log');
    }
  };
}
