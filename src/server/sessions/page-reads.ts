/**
 * The reads of one cim connection, of its own timeline and of groups. A page is large, and asked
 * for by a small frame: so a few are under way at a time, a bounded number waits for its turn, and
 * what comes beyond is refused. What a user reads has a rate. Reading a named group is how a client follows it
 * (subscriptions.ts).
 */
import { type ReadResult, routeMethods } from '../../api/route-api.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { errorTable } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { isGroupName } from '../../base/text/names.ts';
import type { ReadFrame } from '../../codec/client-frame.ts';
import { lobby } from '../../codec/commands.ts';
import type { ReadRate } from '../../limits/read-rates.ts';
import type { ServerLimits } from '../../limits/server-limits.ts';
import {
  type Follower,
  type GroupGateway,
  type Subscription,
  Subscriptions,
} from '../groups/subscriptions.ts';

/** The session that reads. */
export interface Reader extends Follower {
  readonly ready: boolean;
  readonly address: string;
  /** Whether there is room for a page; if not, `advance` is called when there is. */
  takesPage(): boolean;
}

/** Where pages come from. */
export interface PageSource extends GroupGateway {
  read(userId: number, request: ReadFrame, settle: (result: ReadResult) => void): void;
  readonly limits: Pick<ServerLimits, 'holdReads' | 'reads'>;
  readonly clock: Clock;
}

/** Is given the pages. */
export interface PageTaker {
  onPage(request: ReadFrame, result: ReadResult): void;
}

const unanswered = routeMethods.read.unanswered;
const unknownGroup = { ...unanswered, code: Number(errorTable['unknown-group'].code) };
const tooMany = { ...unanswered, code: Number(errorTable['too-many'].code) };

export class PageReads {
  readonly subscriptions: Subscriptions;
  readonly #reader: Reader;
  readonly #taker: PageTaker;
  readonly #source: PageSource;
  #underWay = 0;
  readonly #waiting: ReadFrame[] = [];
  /** Null: it may read as fast as it can. */
  readonly #rate: ReadRate | null;
  /** It has read too much of late, and waits until it may go on. */
  #pause: Timer | undefined;

  constructor(reader: Reader, taker: PageTaker, source: PageSource) {
    this.subscriptions = new Subscriptions(reader, source);
    this.#reader = reader;
    this.#taker = taker;
    this.#source = source;
    this.#rate = source.limits.holdReads(reader.userId, reader.address);
  }

  ask(request: ReadFrame): void {
    if (this.#waiting.length >= limits.readsWaitingMax)
      return this.#taker.onPage(request, unanswered);
    this.#waiting.push(request);
    this.advance();
  }

  /** The connection has ended. */
  end(): void {
    this.#waiting.length = 0;
    this.#pause?.cancel();
    if (this.#rate) this.#source.limits.reads.release(this.#rate);
    this.subscriptions.end();
  }

  advance(): void {
    while (this.#underWay < limits.readsPerConnectionMax) {
      if (this.#waiting.length === 0 || this.#isPaused() || !this.#reader.takesPage()) return;
      const next = this.#waiting.shift() as ReadFrame;
      this.#underWay += 1;
      this.#rate?.begin();
      this.#start(next);
    }
  }

  /** An honest device that catches up is slowed down, and nothing else: it is refused nothing. */
  #isPaused(): boolean {
    if (this.#pause) return true;
    const waitMs = this.#rate?.waitMs ?? 0;
    if (waitMs === 0) return false;
    this.#pause = this.#source.clock.setTimeout(() => {
      this.#pause = undefined;
      this.advance();
    }, waitMs);
    return true;
  }

  #start(request: ReadFrame): void {
    const { group: name } = request;
    if (name === '' || name === lobby) return this.#forward(request);
    // Nobody is asked for what no group can be called.
    if (!isGroupName(name)) return this.#settle(request, unknownGroup);
    const subscription = this.subscriptions.beginRead(name);
    if (!subscription) return this.#settle(request, tooMany);
    // Interest first, then the page: so nothing said in between is missed.
    this.#source.groups.whenRegistered(subscription.group, (code) => {
      if (code === 0) this.#forward(request, subscription);
      else this.#settle(request, { ...unanswered, code }, subscription);
    });
  }

  #forward(request: ReadFrame, subscription?: Subscription): void {
    if (!this.#reader.ready) return;
    this.#source.read(this.#reader.userId, request, (result) =>
      this.#settle(request, result, subscription),
    );
  }

  #settle(request: ReadFrame, result: ReadResult, subscription?: Subscription): void {
    // It was read for nobody: what was set aside for it stays spent.
    if (!this.#reader.ready) return;
    this.#rate?.end();
    this.#rate?.spend(result.bodies.reduce((sum, { length }) => sum + length, 0));
    this.#taker.onPage(request, result);
    if (subscription) {
      const wasMember = subscription.isMember;
      this.subscriptions.endRead(subscription, result.code);
      const { name, newest } = subscription.group;
      // Pushed while the page was on its way, when this was no member yet. A member was written it:
      // if the store has it no longer, after a failover, the hint would lead to the same page again.
      const hasMissed = !wasMember && subscription.isMember && newest > result.head;
      if (hasMissed) this.#reader.hint(name, newest);
    }
    this.#underWay -= 1;
    // There may be less to wait for now.
    this.#pause?.cancel();
    this.#pause = undefined;
    this.advance();
  }
}
