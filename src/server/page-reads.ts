/**
 * The reads of one cim connection, of its own timeline and of groups. A page is large, and asked
 * for by a small frame: so a few are under way at a time, a bounded number waits for its turn, and
 * what comes beyond is refused. Reading a named group is how a client follows it
 * (subscriptions.ts).
 */
import type { ReadResult } from '../api/route-api.ts';
import { errorTable } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { ReadFrame } from '../codec/client-frame.ts';
import { lobby } from '../codec/commands.ts';
import { encodeHint, encodePageEnd, encodePush } from '../codec/server-frame.ts';
import { routeMethods } from '../link/methods.ts';
import {
  type Follower,
  type GroupGateway,
  type Subscription,
  Subscriptions,
} from './subscriptions.ts';

/** The connection that reads. */
export interface Reader extends Follower {
  readonly ready: boolean;
  /** Whether there is room for a page; if not, `advance` is called when there is. */
  takesPage(): boolean;
}

/** Where pages come from. */
export interface PageSource extends GroupGateway {
  read(userId: number, request: ReadFrame, settle: (result: ReadResult) => void): void;
}

const unanswered = routeMethods.read.unanswered;
const tooMany = { ...unanswered, code: Number(errorTable['too-many'].code) };

export class PageReads {
  readonly subscriptions: Subscriptions;
  readonly #reader: Reader;
  readonly #source: PageSource;
  #underWay = 0;
  readonly #waiting: ReadFrame[] = [];

  constructor(reader: Reader, source: PageSource) {
    this.subscriptions = new Subscriptions(reader, source);
    this.#reader = reader;
    this.#source = source;
  }

  ask(request: ReadFrame): void {
    if (this.#waiting.length >= limits.readsWaitingMax) return this.#write(request, unanswered);
    this.#waiting.push(request);
    this.advance();
  }

  /** The connection has ended. */
  end(): void {
    this.#waiting.length = 0;
    this.subscriptions.end();
  }

  advance(): void {
    while (this.#underWay < limits.readsPerConnectionMax) {
      if (this.#waiting.length === 0 || !this.#reader.takesPage()) return;
      const next = this.#waiting.shift() as ReadFrame;
      this.#underWay += 1;
      this.#start(next);
    }
  }

  #start(request: ReadFrame): void {
    const { group: name } = request;
    if (name === '' || name === lobby) return this.#forward(request);
    const subscription = this.subscriptions.reading(name);
    if (!subscription) return this.#settle(request, tooMany);
    // Interest first, then the page: so nothing said in between is missed.
    this.#source.groups.whenRegistered(subscription.group, (isRegistered) => {
      if (isRegistered) this.#forward(request, subscription);
      else this.#settle(request, unanswered, subscription);
    });
  }

  #forward(request: ReadFrame, subscription?: Subscription): void {
    if (!this.#reader.ready) return;
    this.#source.read(this.#reader.userId, request, (result) =>
      this.#settle(request, result, subscription),
    );
  }

  #settle(request: ReadFrame, result: ReadResult, subscription?: Subscription): void {
    if (!this.#reader.ready) return;
    this.#write(request, result);
    if (subscription) {
      const wasMember = subscription.isMember;
      this.subscriptions.read(subscription, result.code);
      const { name, newest } = subscription.group;
      // Pushed while the page was on its way, when this was no member yet. A member was written it:
      // if the store has it no longer, after a failover, the hint would lead to the same page again.
      const hasMissed = !wasMember && subscription.isMember && newest > result.head;
      if (hasMissed) this.#reader.write(encodeHint(name, newest));
    }
    this.#underWay -= 1;
    this.advance();
  }

  #write({ group, after }: ReadFrame, result: ReadResult): void {
    const { seqs, bodies, head, first, rewound, code } = result;
    for (let index = 0; index < seqs.length; index++) {
      this.#reader.write(encodePush(bodies[index] as Uint8Array, seqs[index] as number));
    }
    this.#reader.write(encodePageEnd({ group, after, head, first, rewound, code }));
  }
}
