/**
 * Gives messages of all timelines to the application: one at a time, in the order in which they
 * came, as fast as it takes them.
 */
import { limits } from '../../../base/limits.ts';
import type { UnreadableMessage } from '../client-events.ts';
import type { FollowedTimeline } from './followed-timeline.ts';
import type { Arrived, Received } from './received.ts';
import type { Entry } from './timeline-cursor.ts';
import { own } from './timelines.ts';

export interface DeliveryQueueOptions {
  /** Gives a message to the application; undefined while nobody listens. */
  readonly listener: () => ((message: Arrived) => Promise<void> | undefined) | undefined;
  /** In place of a message that nobody can read: told where it would have been given. */
  readonly onUnreadable: (message: UnreadableMessage) => void;
  /** The application has failed to take a message: nothing is delivered any more. */
  readonly onFailure: (error: unknown) => void;
  /** The application has taken something; a message, if it is one. */
  readonly onTaken: (message: Arrived | null) => void;
}

interface Delivery {
  /** Null: there is nothing to show. */
  readonly content: Arrived | null;
  readonly standIn?: UnreadableMessage;
  /** The application has taken it; absent for what is in no timeline. */
  readonly taken?: () => void;
}

export class DeliveryQueue {
  readonly #options: DeliveryQueueOptions;
  readonly #deliveries: Delivery[] = [];
  #transientCount = 0;
  #unreadableCount = 0;
  #delivering = false;
  #stopped = false;

  constructor(options: DeliveryQueueOptions) {
    this.#options = options;
  }

  /** What was not taken yet of timelines. */
  get untakenCount(): number {
    return this.#deliveries.length - this.#transientCount;
  }

  /** `content`: of the entry, as it is to be shown. */
  add({ cursor, group }: FollowedTimeline, entry: Entry<Received>, content: Arrived | null): void {
    const delivery = { content, taken: () => cursor.taken(entry) };
    if (!entry.isUnreadable) {
      this.#deliveries.push(delivery);
      return;
    }
    this.#unreadableCount += 1;
    const place = { ...(group !== own && { group }), seq: entry.seq };
    this.#deliveries.push({ ...delivery, standIn: { ...place, count: this.#unreadableCount } });
  }

  /** In the order of arrival; dropped if the application is behind, or nobody listens. */
  addTransient(content: Arrived): void {
    if (this.#transientCount >= limits.clientTransientsHeldMax || !this.#options.listener()) return;
    this.#deliveries.push({ content });
    this.#transientCount += 1;
  }

  /** Hands on what there is, unless that is under way. Waits only where the application does. */
  deliver(): void {
    if (!this.#delivering) void this.#deliverAll();
  }

  stop(): void {
    this.#stopped = true;
  }

  async #deliverAll(): Promise<void> {
    this.#delivering = true;
    try {
      for (let next = this.#next(); next; next = this.#next()) {
        const { content, standIn, taken } = next;
        if (standIn) this.#options.onUnreadable(standIn);
        const taking = content && this.#options.listener()?.(content);
        if (taking) await taking;
        if (this.#stopped) break;
        this.#deliveries.shift();
        if (!taken) {
          this.#transientCount -= 1;
          continue;
        }
        taken();
        this.#options.onTaken(content);
      }
    } catch (error) {
      this.#options.onFailure(error);
    }
    this.#delivering = false;
  }

  /** Undefined: nothing to deliver, or nobody to take it. */
  #next(): Delivery | undefined {
    const next = this.#deliveries[0];
    const isToShow = next?.content || next?.standIn;
    return this.#stopped || (isToShow && !this.#options.listener()) ? undefined : next;
  }
}
