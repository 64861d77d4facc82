/**
 * What goes to the application next, of whatever timeline: one message at a time, in the order in
 * which they came, as fast as it takes them.
 */
import type { Message } from './client-events.ts';
import type { FollowedTimeline } from './followed-timeline.ts';
import type { Entry } from './timeline-cursor.ts';

export interface DeliveryQueueOptions {
  /** Gives a message to the application; undefined while nobody listens. */
  readonly listener: () => ((message: Message) => Promise<void> | undefined) | undefined;
  /** The application has failed to take a message: nothing is delivered any more. */
  readonly onFailure: (error: unknown) => void;
  /** The application has taken something. */
  readonly onTaken: () => void;
}

interface Delivery {
  readonly timeline: FollowedTimeline;
  readonly entry: Entry<Message>;
}

export class DeliveryQueue {
  readonly #options: DeliveryQueueOptions;
  readonly #deliveries: Delivery[] = [];
  #delivering = false;
  #stopped = false;

  constructor(options: DeliveryQueueOptions) {
    this.#options = options;
  }

  /** What was not taken yet. */
  get length(): number {
    return this.#deliveries.length;
  }

  add(timeline: FollowedTimeline, entry: Entry<Message>): void {
    this.#deliveries.push({ timeline, entry });
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
        const { content } = next.entry;
        const taking = content && this.#options.listener()?.(content);
        if (taking) await taking;
        if (this.#stopped) break;
        this.#deliveries.shift();
        next.timeline.cursor.taken(next.entry);
        this.#options.onTaken();
      }
    } catch (error) {
      this.#options.onFailure(error);
    }
    this.#delivering = false;
  }

  /** Undefined: nothing to deliver, or nobody to take it. */
  #next(): Delivery | undefined {
    const next = this.#deliveries[0];
    return this.#stopped || (next?.entry.content && !this.#options.listener()) ? undefined : next;
  }
}
