/** Joins and leaves groups as the application asks: the request to a route, and with it what is followed. */
import { CimError } from '../../../base/errors.ts';
import type { GroupMembership } from '../client-events.ts';
import type { GroupNews } from './group-news.ts';
import type { Incoming } from './incoming.ts';

export interface GroupFollowingOptions {
  readonly news: GroupNews;
  /** Undefined before the device's state is there: the login tells which groups there are. */
  readonly incoming: () => Incoming | undefined;
  readonly isClosed: () => boolean;
  /** A group is followed from now on, and may be read. */
  readonly onFollowed: () => void;
}

export class GroupFollowing {
  readonly #options: GroupFollowingOptions;

  constructor(options: GroupFollowingOptions) {
    this.#options = options;
  }

  /** The names of the groups that are followed now. */
  get names(): readonly string[] {
    return this.#options.incoming()?.groups ?? [];
  }

  /** Makes the request that makes the user a member of the group, and follows it. */
  async follow(group: string, request: () => Promise<GroupMembership>): Promise<GroupMembership> {
    const { news, incoming, isClosed, onFollowed } = this.#options;
    return news.change(group, async () => {
      const membership = news.learn(await request());
      if (!isClosed()) incoming()?.joined(membership);
      onFollowed();
      return membership;
    });
  }

  /** Makes the request that ends the user's membership. */
  async unfollow(group: string, request: () => Promise<void>): Promise<void> {
    const { news, incoming } = this.#options;
    await news.change(group, async () => {
      const wasFollowed = this.names.includes(group);
      try {
        await request();
      } catch (error) {
        // Its last member has left it: this one, whose first answer was lost, or the store has lost it.
        const isGone = error instanceof CimError && error.kind === 'unknown-group';
        if (!isGone || !wasFollowed) throw error;
      }
      incoming()?.left(group);
    });
  }
}
