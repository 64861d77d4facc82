/**
 * How much of a run is stored: who may write to a group, what one account's share of it is, and what
 * room a user's mailbox has (src/store/decisions/). What is counted of strangers and of shares is kept
 * in memory: it lasts until the receiver reads, or for an hour, and a new process begins anew.
 */
import { RecentlyUsed } from '../../base/recently-used.ts';
import { lobby } from '../../codec/commands.ts';
import type { Run } from '../../codec/run.ts';
import type { Admission } from '../decisions/append.ts';
import type { PlaceCount } from '../decisions/conversation.ts';
import { keyRefusal } from '../decisions/group-keys.ts';
import { decideShare, isPeriodOver, shareMaxOf, shareOf } from '../decisions/group-share.ts';
import { type Bounds, boundsOf, decideMailbox, placesPerMessage } from '../decisions/mailbox.ts';
import type { Quotas } from '../quotas.ts';
import { type Append, groupTimeline, type TimelineId } from '../timelines.ts';
import type { ConversationRows } from './conversation-rows.ts';
import type { Database, Statement } from './database.ts';
import type { Now } from './store-time.ts';
import type { TimelineEntries } from './timeline-entries.ts';
import type { TimelineRow } from './timeline-rows.ts';

/** Places by account; of a user's timeline also those of all strangers. */
interface Counts {
  since: number;
  strangers: PlaceCount;
  readonly places: Map<number, number>;
}

const timelinesMax = 10_000;
const groupPrefix = groupTimeline('');

export interface SqliteAdmissionOptions {
  readonly database: Database;
  readonly entries: TimelineEntries;
  readonly conversations: ConversationRows;
  readonly messagesMax: number;
  readonly quotas: Quotas;
  readonly clock: Now;
}

export class SqliteAdmission {
  readonly #options: SqliteAdmissionOptions;
  readonly #bounds: Bounds;
  readonly #counts = new RecentlyUsed<TimelineId, Counts>(timelinesMax);
  readonly #selectGroup: Statement<unknown>;
  readonly #selectMember: Statement<{ keyEpoch: number }>;
  readonly #selectShare: Statement<{ percent: number | null }>;
  readonly #selectAcknowledged: Statement<{ acknowledged: number }>;

  constructor(options: SqliteAdmissionOptions) {
    this.#options = options;
    this.#bounds = boundsOf(options.messagesMax, options.quotas);
    const { database } = options;
    this.#selectGroup = database.prepare('SELECT 1 FROM groups WHERE name = ?');
    this.#selectMember = database.prepare(
      `SELECT key_epoch AS keyEpoch FROM members JOIN groups USING (name)
         WHERE name = ? AND user_id = ?`,
    );
    this.#selectShare = database.prepare(
      'SELECT share_percent AS percent FROM groups WHERE name = ?',
    );
    this.#selectAcknowledged = database.prepare(
      'SELECT acknowledged FROM timelines WHERE name = ?',
    );
  }

  get half(): number {
    return this.#bounds.half;
  }

  placesEach({ bodies, count }: Run): number {
    return placesPerMessage(bodies.length, count, this.#bounds.placeBytes);
  }

  /** Whether there is a group to which it goes; of users this is not asked. */
  isThere({ timeline, onlyIfMember }: Append): boolean {
    if (onlyIfMember === undefined) return true;
    return this.#selectGroup.get(timeline.slice(groupPrefix.length)) !== undefined;
  }

  /** Of a run to a group. */
  toGroup({ timeline, from, onlyIfMember, isExempt, keyEpoch = 0 }: Append, fresh: Run): Admission {
    const { count } = fresh;
    const name = timeline.slice(groupPrefix.length);
    if (onlyIfMember !== undefined) {
      const member = this.#selectMember.get(name, onlyIfMember);
      const refusal = member ? keyRefusal(keyEpoch, member.keyEpoch) : 'not-a-member';
      if (refusal) return { status: refusal, stored: 0 };
    }
    const shareMax = isExempt ? null : this.#shareMaxOf(name);
    if (shareMax === null) return { status: 'taken', stored: count };
    const { quotas, clock, messagesMax } = this.#options;
    const counts = this.#countsOf(timeline);
    const { since, places } = counts;
    const now = clock.now();
    if (isPeriodOver({ since, accounts: places.size }, now, messagesMax, quotas)) {
      counts.since = now;
      places.clear();
    }
    const used = places.get(from) ?? 0;
    const each = this.placesEach(fresh);
    const stored = decideShare({ count, each, used, shareMax });
    places.set(from, used + stored * each);
    return { status: stored < count ? 'group-share' : 'taken', stored };
  }

  /** Of a run to a user from another. */
  toUser(row: TimelineRow, append: Append, fresh: Run, isOnline: boolean): Admission {
    const { from, to } = append;
    const { count } = fresh;
    const { conversations, entries } = this.#options;
    const isBlocked = conversations.blockedBy(to).has(from);
    if (!isBlocked && !this.#mayBeShort(row, fresh)) return { status: 'taken', stored: count };
    const counts = this.#countsOf(row.name);
    const acknowledged = this.acknowledgedOf(row);
    const { strangers } = counts;
    const verdict = decideMailbox(
      {
        count,
        each: this.placesEach(fresh),
        unread: entries.unreadAbove(row, acknowledged),
        acknowledged,
        head: row.head,
        isOnline,
        conversation: conversations.get(to, from),
        strangers,
        strangerCount: counts.places.get(from) ?? 0,
      },
      this.#bounds,
    );
    if (verdict.conversation) conversations.save(to, from, verdict.conversation);
    if (verdict.strangers) {
      if (strangers.last <= acknowledged) counts.places.clear();
      counts.strangers = verdict.strangers;
      counts.places.set(from, verdict.strangerCount);
    }
    const { status, stored, isHidden } = verdict;
    return { status, stored, isHidden };
  }

  /** What was counted was not stored. Of whom is not known: all begin anew, as in a new process. */
  forget(): void {
    this.#counts.clear();
  }

  /** What devices have acknowledged by now. */
  acknowledgedOf(row: TimelineRow): number {
    row.acknowledged = this.#selectAcknowledged.get(row.name)?.acknowledged ?? 0;
    return row.acknowledged;
  }

  /** Whether more than half of what is kept may be unread: what is known without a look is enough, mostly. */
  #mayBeShort(row: TimelineRow, fresh: Run): boolean {
    return this.#unreadMax(row, fresh) > this.half && this.#refreshed(row, fresh) > this.half;
  }

  #refreshed(row: TimelineRow, fresh: Run): number {
    this.acknowledgedOf(row);
    return this.#unreadMax(row, fresh);
  }

  #unreadMax({ head, acknowledged, heavy }: TimelineRow, fresh: Run): number {
    if (heavy.newer > acknowledged) return Infinity;
    return head - acknowledged + heavy.sum + fresh.count * this.placesEach(fresh);
  }

  #shareMaxOf(name: string): number | null {
    const { quotas, messagesMax } = this.#options;
    const percent = this.#selectShare.get(name)?.percent ?? null;
    return shareMaxOf(messagesMax, shareOf(name === lobby, percent, quotas));
  }

  #countsOf(timeline: TimelineId): Counts {
    const known = this.#counts.get(timeline);
    if (known) return known;
    const counts = { since: 0, strangers: { count: 0, last: 0 }, places: new Map() };
    this.#counts.set(timeline, counts);
    return counts;
  }
}
