/**
 * Who has subscribed to topics on this server. A protocol adds a subscription for each filter of its
 * clients; what is published anywhere is matched here, once, and each matching subscription hears of the
 * same object: whoever encodes it keeps what they have encoded with it.
 */
import type { PublishedEntry } from '../../api/server-api.ts';
import { TopicMatcher } from '../../base/topics/topic-matcher.ts';

/** `number`: of the retained value, or of its removal; 0: it is not retained. */
export type Publication = Omit<PublishedEntry, 'instance'>;

export interface TopicSubscription {
  /** Must not throw, nor subscribe to anything on the spot. */
  published(publication: Publication): void;
}

export class TopicTable {
  readonly #matcher = new TopicMatcher<TopicSubscription>();

  /** Pairs of a filter and a subscription. */
  get size(): number {
    return this.#matcher.size;
  }

  /** Of a valid filter without `$share`. */
  add(filter: string, subscription: TopicSubscription): void {
    this.#matcher.add(filter, subscription);
  }

  remove(filter: string, subscription: TopicSubscription): void {
    this.#matcher.remove(filter, subscription);
  }

  /** A subscription hears it once for each of its filters that match. */
  publish(publication: Publication): void {
    this.#matcher.match(publication.topic, (subscription) => subscription.published(publication));
  }
}
