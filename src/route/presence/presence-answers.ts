/** Answers servers who of those that their clients watch is there, and notes that they want to be told. */
import type { BatchCall } from '../../api/batch-call.ts';
import { type PresenceEntry, type PresenceResult, routeMethods } from '../../api/route-api.ts';
import { limits } from '../../base/limits.ts';
import type { Bugs } from '../../base/process/bugs.ts';
import type { Presence } from '../../store/presence.ts';

export interface PresenceAnswersOptions {
  readonly presence: Pick<Presence, 'look'>;
  /** Whether this server process is known to have ended: nobody is connected to it. */
  readonly isGone: (instance: string) => boolean;
  readonly bugs: Pick<Bugs, 'caught'>;
}

export function createPresenceAnswers(
  options: PresenceAnswersOptions,
): BatchCall<PresenceEntry, PresenceResult> {
  return (entries, answer) => {
    for (let start = 0; start < entries.length; start += limits.storeBatchMax) {
      const some = entries.slice(start, start + limits.storeBatchMax);
      look(options, some).then(
        (results) => {
          for (const [index, result] of results.entries()) answer(start + index, result);
        },
        (error: unknown) => {
          options.bugs.caught(error, 'looking who is there');
          for (const index of some.keys()) answer(start + index, routeMethods.presence.unanswered);
        },
      );
    }
  };
}

async function look(
  { presence, isGone }: PresenceAnswersOptions,
  entries: readonly PresenceEntry[],
): Promise<PresenceResult[]> {
  const questions = entries.map(({ userId, instance, address, watchers }) => ({
    userId,
    observer: { instance, address },
    watchers: watchers.slice(0, limits.watchersPerUserMax),
  }));
  const records = await presence.look(questions, limits.presenceLeaseMs);
  return records.map(({ instances, lastSeen, blocked }) => ({
    code: 0,
    instances: instances.filter((instance) => !isGone(instance)),
    lastSeen,
    hiddenFrom: blocked,
  }));
}
