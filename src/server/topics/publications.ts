/** What clients of this server publish to topics of the free space, and ask of what is retained there. */
import type {
  PublishEntry,
  PublishResult,
  RetainedEntry,
  RetainedResult,
  RouteApi,
} from '../../api/route-api.ts';
import { limits } from '../../base/limits.ts';
import type { Budget } from '../../limits/budget.ts';
import { BoundedGather } from '../../link/bounded-gather.ts';
import { Gather } from '../../link/gather.ts';

export interface PublicationsOptions {
  readonly routes: Pick<RouteApi, 'publish' | 'retained'>;
  /** What pages on their way may hold. */
  readonly pages: Budget;
  /** `--topics-open`: every account may publish and subscribe there. */
  readonly isOpen: boolean;
}

export class Publications {
  readonly isOpen: boolean;
  readonly #publish: Gather<PublishEntry, PublishResult, (result: PublishResult) => void>;
  readonly #retained: BoundedGather<
    RetainedEntry,
    RetainedResult,
    (result: RetainedResult) => void
  >;

  constructor({ routes, pages, isOpen }: PublicationsOptions) {
    this.isOpen = isOpen;
    this.#publish = new Gather(routes.publish, (settle, result) => settle(result));
    this.#retained = new BoundedGather(
      routes.retained,
      limits.pagesUnderWayMax,
      (settle, result) => settle(result),
      { budget: pages, bytes: limits.pageBytesMax },
    );
  }

  /** What one client publishes is handed on in its order. */
  publish(entry: PublishEntry, settle: (result: PublishResult) => void): void {
    this.#publish.add(entry, settle);
  }

  /** A page, which may be empty and not the last: `next` is the `after` of the one behind it. */
  retained(entry: RetainedEntry, settle: (result: RetainedResult) => void): void {
    this.#retained.add(entry, settle);
  }
}
