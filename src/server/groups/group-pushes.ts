/**
 * What routes push to groups. A message for a thousand members is a thousand writes, so hundreds of
 * them would keep the process busy for seconds: of these so many are done in one turn of the event
 * loop, and the others wait, while heartbeats, links and everybody else get their turns. Groups take
 * turns, too: who says much in one holds up no other. A push is answered when it was written to all:
 * by that a route sees how far behind this server is.
 */
import type { PushGroupEntry } from '../../api/server-api.ts';
import { limits } from '../../base/limits.ts';
import { bodiesOf } from '../../codec/run.ts';
import type { ServerCounters } from '../server-counters.ts';
import { type GroupDelivery, groupMessage } from './group-message.ts';
import type { GroupMember, LocalGroup } from './group-table.ts';

export interface GroupPushesOptions {
  readonly counters: Pick<ServerCounters, 'transient' | 'unreadable'>;
  /** Of the lobby everybody who is logged in. */
  membersOf(group: LocalGroup): Iterable<GroupMember>;
}

/** Yields when others are to have their turn. */
type Work = Generator<undefined, void>;

interface Job {
  readonly work: Work;
  readonly done: () => void;
}

/** What waits for one group, in its order. */
interface Queue {
  /** From `next` on; the first of these may have begun. */
  jobs: Job[];
  next: number;
  isHeld: boolean;
}

export class GroupPushes {
  readonly #options: GroupPushesOptions;
  /** Those for which something waits; the first is next. */
  readonly #queues = new Map<LocalGroup, Queue>();
  #transientsWaiting = 0;
  /** Writes that are left of this turn, and of what the group that has it may do. */
  #leftOfTurn: number = limits.fanOutWritesPerTurnMax;
  #left = 0;
  #isTurnUsed = false;

  constructor(options: GroupPushesOptions) {
    this.#options = options;
  }

  /** `done` is called when it was written to all members, maybe at once. */
  push(group: LocalGroup, { seq, count, bodies }: PushGroupEntry, done: () => void): void {
    // Those who are about to become members are told of the newest number when they do.
    group.onArrived(seq + Math.max(count, 1) - 1);
    this.#add(group, count === 0 ? this.#hint(group, seq) : this.#fanOut(group, seq, bodies), done);
  }

  /** Tells the members to read. */
  hint(group: LocalGroup, head: number): void {
    this.#add(group, this.#hint(group, head));
  }

  /** Tells the members what the group is. */
  facts(group: LocalGroup): void {
    const { facts } = group;
    if (facts)
      this.#add(
        group,
        this.#visit(group, (member) => member.groupFacts(facts)),
      );
  }

  /** A message that is not stored; dropped where too many wait. */
  transient(group: LocalGroup, body: Uint8Array): void {
    const { counters } = this.#options;
    if (this.#transientsWaiting >= limits.fanOutTransientsWaitingMax) {
      counters.transient.droppedOnTheWay.value += 1;
      return;
    }
    this.#transientsWaiting += 1;
    this.#add(group, this.#message(group, groupMessage(group.name, 0, body)), () => {
      this.#transientsWaiting -= 1;
    });
  }

  /** Some who read it from the store cannot keep up: what is pushed waits until `release`. */
  hold(group: LocalGroup): void {
    this.#queueOf(group).isHeld = true;
  }

  release(group: LocalGroup): void {
    const queue = this.#queueOf(group);
    queue.isHeld = false;
    this.#serve(group, queue);
  }

  #queueOf(group: LocalGroup): Queue {
    const queue = this.#queues.get(group) ?? { jobs: [], next: 0, isHeld: false };
    this.#queues.set(group, queue);
    return queue;
  }

  #add(group: LocalGroup, work: Work, done?: () => void): void {
    const queue = this.#queueOf(group);
    queue.jobs.push({ work, done: done ?? nothing });
    // Others came before it, else.
    if (queue.jobs.length === 1) this.#serve(group, queue);
  }

  /** As much as is this group's turn; then it is the next one's. */
  #serve(group: LocalGroup, queue: Queue): void {
    const share = Math.min(this.#leftOfTurn, limits.fanOutWritesPerGroupMax);
    this.#left = share;
    const first = queue.next;
    while (queue.next < queue.jobs.length && this.#left > 0 && !queue.isHeld) {
      const { work } = queue.jobs[queue.next] as Job;
      this.#left -= 1;
      if (!work.next().done) break;
      queue.next += 1;
    }
    const done = queue.jobs.slice(first, queue.next);
    this.#leftOfTurn -= share - Math.max(this.#left, 0);
    // Now and then, so that each costs little.
    if (queue.next * 2 >= queue.jobs.length) {
      queue.jobs = queue.jobs.slice(queue.next);
      queue.next = 0;
    }
    this.#queues.delete(group);
    if (queue.jobs.length > 0 || queue.isHeld) this.#queues.set(group, queue);
    this.#endTurn();
    for (const job of done) job.done();
  }

  #endTurn(): void {
    if (this.#isTurnUsed) return;
    this.#isTurnUsed = true;
    setImmediate(() => {
      this.#isTurnUsed = false;
      this.#leftOfTurn = limits.fanOutWritesPerTurnMax;
      for (const [group, queue] of [...this.#queues]) {
        if (this.#leftOfTurn <= 0) break;
        if (!queue.isHeld) this.#serve(group, queue);
      }
    });
  }

  *#fanOut(group: LocalGroup, seq: number, bodies: Uint8Array): Work {
    for (const [index, body] of bodiesOf(bodies).entries())
      yield* this.#message(group, groupMessage(group.name, seq + index, body));
  }

  *#message(group: LocalGroup, message: GroupDelivery): Work {
    if (message.fields === null) {
      this.#options.counters.unreadable.value += 1;
      // Nobody waits for its number.
      if (message.seq === 0) return;
    }
    yield* this.#visit(group, (member) => member.groupMessage(message));
  }

  #hint(group: LocalGroup, head: number): Work {
    return this.#visit(group, (member) => member.hint(group.name, head));
  }

  *#visit(group: LocalGroup, visit: (member: GroupMember) => void): Work {
    let left = this.#left;
    for (const member of this.#options.membersOf(group)) {
      if (left <= 0) {
        this.#left = 0;
        yield;
        left = this.#left;
      }
      visit(member);
      left -= 1;
    }
    this.#left = left;
  }
}

const nothing = () => {
  // Nobody waits for it.
};
