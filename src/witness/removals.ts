/**
 * From when to when somebody is known to be shut out of a group: removed from it, and not invited
 * since. All times are steps of the ledger. What nobody can tell counts as not shut out.
 */
interface Absence {
  readonly fromStep: number;
  untilStep: number;
}

export class Removals {
  /** By group, then by user. */
  readonly #absences = new Map<string, Map<number, Absence[]>>();
  /** By group: who was invited, or not; the answer may have got lost, and it may still happen. */
  readonly #perhapsInvited = new Map<string, Set<number>>();
  /** Its last member may have left, or still do so: then it is gone, and who was removed is forgotten. */
  readonly #perhapsEnded = new Set<string>();

  /** That somebody has removed them is acknowledged. */
  removed(group: string, userId: number, step: number): void {
    if (this.#perhapsEnded.has(group) || this.#perhapsInvited.get(group)?.has(userId)) return;
    const ofGroup = getOrMake(this.#absences, group, () => new Map<number, Absence[]>());
    const absences = getOrMake(ofGroup, userId, () => []);
    if (absences.at(-1)?.untilStep !== Infinity)
      absences.push({ fromStep: step, untilStep: Infinity });
  }

  /** Somebody is about to invite them: they may join from now on. */
  inviting(group: string, userId: number, step: number): void {
    getOrMake(this.#perhapsInvited, group, () => new Set<number>()).add(userId);
    end(this.#absences.get(group)?.get(userId), step);
  }

  /** That is acknowledged, and does not happen any more. */
  invited(group: string, userId: number): void {
    this.#perhapsInvited.get(group)?.delete(userId);
  }

  /** Somebody is about to leave it. */
  leaving(group: string, step: number): void {
    this.#perhapsEnded.add(group);
    for (const absences of this.#absences.get(group)?.values() ?? []) end(absences, step);
  }

  /** All the time between the two steps. */
  wasShutOut(group: string, userId: number, fromStep: number, untilStep: number): boolean {
    const absences = this.#absences.get(group)?.get(userId) ?? [];
    return absences.some((each) => each.fromStep < fromStep && untilStep < each.untilStep);
  }
}

function end(absences: readonly Absence[] | undefined, step: number): void {
  const last = absences?.at(-1);
  if (last) last.untilStep = Math.min(last.untilStep, step);
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}
