/**
 * Retained values: of a topic the last that was published to be kept, which new subscribers get first.
 *
 * Each value and each removal has a number. It grows with every one that the store has ever had, of any
 * topic, also over a failover that has lost some: so whoever has seen one number of a topic knows that
 * what has a lower one is older. What has expired is not given any more, and is removed while others are
 * kept.
 */

export interface RetainedValue {
  readonly topic: string;
  readonly number: number;
  /** Whom it counts for: a word without a space. */
  readonly owner: string;
  readonly body: Uint8Array;
  /** ms since 1970; 0: it is kept until it is replaced or removed. */
  readonly expiresAt: number;
}

export interface Retain extends Pick<RetainedValue, 'topic' | 'owner' | 'body'> {
  /** 0: until it is replaced or removed. */
  readonly lifeMs: number;
}

/** What values of one owner and of all may be and take; each counts its topic and some bytes more. */
export interface RetainedRoom {
  readonly ownerValuesMax: number;
  readonly ownerBytesMax: number;
  readonly allValuesMax: number;
  readonly allBytesMax: number;
}

export type Retaining =
  | { readonly status: 'kept'; readonly number: number }
  /** What was retained before is still there. */
  | { readonly status: 'no-room'; readonly of: 'owner' | 'all' };

export interface RetainedPage {
  readonly values: readonly RetainedValue[];
  /** Where the next page goes on; null: there is none. */
  readonly next: string | null;
}

export interface RetainedUsage {
  readonly values: number;
  readonly bytes: number;
}

export interface Retained {
  /** In place of what the topic had, whose ever that was. */
  keep(value: Retain, room: RetainedRoom): Promise<Retaining>;

  /** Gives the number of the removal; undefined: there was none. */
  remove(topic: string): Promise<number | undefined>;

  find(topic: string): Promise<RetainedValue | null>;

  /**
   * Up to `limit` whose topics begin with `prefix`, in the order of their bytes, from the first behind
   * `after`; fewer when together they would have more than `limits.pageBytesMax`, but one as long as any
   * is left.
   */
  page(query: { prefix: string; after?: string; limit: number }): Promise<RetainedPage>;

  /** Of all, also of what has expired and is not removed yet; of one owner. */
  usage(owner?: string): Promise<RetainedUsage>;
}
