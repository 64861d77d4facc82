/**
 * Tells an application what has changed of who is in encrypted groups, and of their keys: each change
 * once and in order, also those made while this device was away. Routes keep the list.
 */
import { CimError } from '../../../base/errors.ts';
import type { ClientEvents, GroupNewsItem } from '../client-events.ts';
import type { KnownGroups } from '../e2ee/groups/known-groups.ts';

export interface GroupChangesOptions {
  /** Asks a route for what came after this number. Rejects with its CimError. */
  readonly ask: (group: string, after: number) => Promise<unknown>;
  /** Remembers how far it was told. */
  readonly known: KnownGroups;
  readonly tell: (change: ClientEvents['groupNews']) => void;
  /** What is remembered has changed: it is to be saved. */
  readonly onKnown: () => void;
}

type Change = GroupNewsItem & { readonly number: number };

const kinds = ['created', 'joined', 'left', 'removed', 'drawn', 'given'] as const;

export class GroupChanges {
  readonly #options: GroupChangesOptions;
  /** Groups that are being looked at, and whether once more. */
  readonly #looking = new Map<string, { again: boolean }>();

  constructor(options: GroupChangesOptions) {
    this.#options = options;
  }

  /** There may be something to tell. Never rejects: what no route tells now is told the next time. */
  async look(group: string): Promise<void> {
    const under = this.#looking.get(group);
    if (under) {
      under.again = true;
      return;
    }
    const looking = { again: true };
    this.#looking.set(group, looking);
    try {
      while (looking.again) {
        looking.again = false;
        await this.#readOn(group);
      }
    } catch (error) {
      if (!(error instanceof CimError)) throw error;
    } finally {
      this.#looking.delete(group);
    }
  }

  async #readOn(group: string): Promise<void> {
    const { ask, known, tell, onKnown } = this.#options;
    // What was there before this device came to know the group is not news.
    const isFirst = known.toldOf(group) === undefined;
    let after = known.toldOf(group) ?? 0;
    for (let hasMore = true; hasMore; ) {
      const page = pageOf(group, await ask(group, after));
      hasMore = page.hasMore;
      // Left meanwhile.
      if (known.of(group) !== 'encrypted') return;
      for (const { number, ...change } of page.changes) {
        if (number <= after) return;
        after = number;
        if (!isFirst) tell(change);
      }
      known.told(group, after);
      onKnown();
      if (page.changes.length === 0) return;
    }
  }
}

/** Whoever answers may be anybody's program: what makes no sense is no answer. */
function pageOf(
  group: string,
  answer: unknown,
): { readonly changes: readonly Change[]; readonly hasMore: boolean } {
  const { changes, more } = fieldsOf(answer);
  if (!Array.isArray(changes)) return nonsense();
  return { changes: changes.map((each) => changeOf(group, each)), hasMore: more === true };
}

function changeOf(group: string, answer: unknown): Change {
  const { number, kind: said, userId, by, at } = fieldsOf(answer);
  const kind = kinds.find((each) => each === said);
  const areNumbers = [number, userId, by, at].every(Number.isSafeInteger);
  if (!kind || !areNumbers) return nonsense();
  const numbers = { number, userId, by, at } as Pick<Change, 'number' | 'userId' | 'by' | 'at'>;
  return { group, kind, ...numbers };
}

function fieldsOf(answer: unknown): Record<string, unknown> {
  return (answer ?? {}) as Record<string, unknown>;
}

function nonsense(): never {
  throw new CimError('internal', 'a route answered no changes of a group');
}
