/**
 * So that nothing lost stays lost: each session is asked about now and then, spread
 * over the period. A newer message than any that has arrived here was lost on its way (the route
 * crashed after storing it, say): the client is told to read. A session that the store does not
 * know (a failover lost it, or it is another store) is reported again.
 */
import type { CheckEntry, CheckResult, RouteApi } from '../../api/route-api.ts';
import { limits } from '../../base/limits.ts';
import { BoundedGather } from '../../link/bounded-gather.ts';
import type { ClientSession } from './client-session.ts';

export interface SessionChecksOptions {
  readonly routes: Pick<RouteApi, 'check'>;
  readonly instance: string;
  readonly onUnknown: (session: ClientSession) => void;
}

interface Question {
  readonly session: ClientSession;
  /** What had arrived when it was asked. */
  readonly newest: number;
  readonly marksVersion: number;
}

interface Suspicion {
  readonly session: ClientSession;
  readonly head: number;
  readonly marksVersion: number;
}

/** A session's turn comes once in as many sweeps. */
const turnCount = limits.checkMs / limits.sweepMs;

export class SessionChecks {
  readonly #options: SessionChecksOptions;
  readonly #questions: BoundedGather<CheckEntry, CheckResult, Question>;
  #turn = 0;
  /** What was not here when the answer came. It may only have been faster than the push. */
  #suspicions: Suspicion[] = [];

  constructor(options: SessionChecksOptions) {
    this.#options = options;
    this.#questions = new BoundedGather(
      options.routes.check,
      limits.callsUnderWayMax,
      (question, result) => {
        if (result.code === 0 && question.session.ready) this.#compare(question, result);
      },
    );
  }

  /** Asks for those whose turn it is; called once per `limits.sweepMs`. */
  sweep(sessions: Iterable<ClientSession>): void {
    const suspicions = this.#suspicions;
    this.#suspicions = [];
    for (const { session, head, marksVersion } of suspicions) {
      session.onMissed(head);
      session.marks.missed(marksVersion);
    }
    this.#turn = (this.#turn + 1) % turnCount;
    // Routes are slow: of what was to be asked a second ago not all was. The next turn will do.
    if (this.#questions.size > limits.callsUnderWayMax) return;
    for (const session of sessions)
      if (session.sessionId % turnCount === this.#turn) this.#ask(session);
  }

  #ask(session: ClientSession): void {
    session.retryMarks();
    const { instance } = this.#options;
    const { userId, device, connectionNumber, sessionId, storeId, newest, marks } = session;
    this.#questions.add(
      { userId, device, connectionNumber, instance, sessionId, storeId },
      { session, newest, marksVersion: marks.version },
    );
  }

  #compare(asked: Question, { known, head, marksVersion }: CheckResult): void {
    const { session } = asked;
    if (!known) this.#options.onUnknown(session);
    if (head > session.newest || marksVersion > session.marks.version)
      this.#suspicions.push({ session, head, marksVersion });
    // The store gives out numbers anew, after a failover that lost a tail.
    if (head < session.newest && session.newest === asked.newest) session.newest = head;
    const { version } = session.marks;
    if (marksVersion < version && version === asked.marksVersion)
      session.marks.startFrom(marksVersion);
  }
}
