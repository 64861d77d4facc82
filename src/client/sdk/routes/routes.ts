/** What a user asks of routes, as themselves. Logging in is account/account.ts's. */

import { CimError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import type {
  DelayedMessage,
  DelayedPage,
  GroupMembership,
  GroupSettings,
  HistoryPage,
  HistoryQuery,
  Invitation,
  Message,
  NewGroup,
  User,
  UsersQuery,
} from '../client-events.ts';
import type {
  Conversation,
  ConversationPage,
  ConversationQuery,
  MarksAnswer,
  MarksQuery,
  MessageTrace,
} from '../conversations/conversation.ts';
import type { ChangesPlace, DrawRequest, GivenSlots } from '../e2ee/groups/group-register.ts';
import type { WrappedPair } from '../e2ee/key-vault.ts';
import type { UploadFacts } from '../files/transfer.ts';
import type { Platform } from '../platform.ts';
import { asLongAsUnanswered } from './patience.ts';
import type { Call, RouteCaller } from './route-caller.ts';

/** Where the token comes from that proves to routes who calls. */
export interface TokenSource {
  /** Undefined: this cluster gives none. */
  token(): Promise<string | undefined>;
  /** It was not taken: whoever asks again is given another one. */
  refused(token: string): void;
}

export interface RoutesOptions {
  readonly caller: RouteCaller;
  readonly tokens: TokenSource;
  readonly platform: Pick<Platform, 'random' | 'clock'>;
}

/** The body of `/delay`. With the same id it is the same schedule, however often it is created. */
export interface ScheduleRequest {
  readonly id: string;
  readonly from: number;
  readonly to?: number;
  readonly group?: string;
  /** One of both. */
  readonly text?: string;
  /** base64url */
  readonly sealed?: string;
  readonly delaySeconds: number;
}

/** What routes answer of a message: in place of the text, which is empty, what is sealed. */
export interface Sealable {
  /** base64url */
  readonly sealed?: string;
  /** Of a group: the epoch of its key. */
  readonly keyEpoch?: number;
}

/** Bytes are base64url. */
export type StoredMessage = Message & Sealable & { readonly content?: string };

export type HistoryAnswer = Omit<HistoryPage, 'messages'> & {
  readonly messages: readonly StoredMessage[];
};

export type DelayedAnswer = Omit<DelayedPage, 'messages'> & {
  readonly messages: readonly (DelayedMessage & Sealable)[];
};

export type ConversationsAnswer = Omit<ConversationPage, 'conversations'> & {
  readonly conversations: readonly (Omit<Conversation, 'last'> & {
    readonly last?: StoredMessage;
  })[];
};

/** Of one conversation: with a peer or in a group. */
export interface ConversationChange {
  readonly peer?: number;
  readonly group?: string;
  readonly muted?: boolean;
  readonly pinned?: boolean;
}

export class Routes {
  readonly #options: RoutesOptions;

  constructor(options: RoutesOptions) {
    this.#options = options;
  }

  async onlineUsers(query: UsersQuery): Promise<User[]> {
    return (await this.#post('/onlineUsers', query)) as User[];
  }

  async history(userId: number, query: HistoryQuery): Promise<HistoryAnswer> {
    return (await this.#post('/history', { userId, ...query })) as HistoryAnswer;
  }

  /** Harmless to repeat, as the following two are. */
  async createGroup(
    userId: number,
    group: string,
    { history, e2ee }: NewGroup,
  ): Promise<GroupMembership> {
    const body = { userId, group, history, ...(e2ee && { e2ee }) };
    const membership = (await this.#post('/createGroup', body)) as GroupMembership;
    // A route of an older version passes the wish over.
    if (e2ee && !membership.e2ee)
      throw new CimError('not-allowed', `#${group} is there, and this route made it unencrypted`);
    return membership;
  }

  /** `e2ee`: what is encrypted can be read here. */
  async joinGroup(userId: number, group: string, e2ee: boolean): Promise<GroupMembership> {
    const body = { userId, group, ...(e2ee && { e2ee }) };
    return (await this.#post('/joinGroup', body)) as GroupMembership;
  }

  async leaveGroup(userId: number, group: string): Promise<void> {
    await this.#post('/leaveGroup', { userId, group });
  }

  async groups(userId: number): Promise<GroupMembership[]> {
    return (await this.#post('/groups', { userId })) as GroupMembership[];
  }

  async invitations(userId: number): Promise<Invitation[]> {
    return (await this.#post('/invitations', { userId })) as Invitation[];
  }

  async groupMembers(userId: number, group: string, query: UsersQuery): Promise<User[]> {
    return (await this.#post('/groupMembers', { userId, group, ...query })) as User[];
  }

  async groupInfo(userId: number, group: string): Promise<GroupMembership> {
    return (await this.#post('/groupInfo', { userId, group })) as GroupMembership;
  }

  async setGroup(userId: number, group: string, settings: GroupSettings): Promise<void> {
    const { sharePercent, ...rest } = settings;
    const share = sharePercent !== undefined && { sharePercent: sharePercent ?? 0 };
    await this.#post('/setGroup', { userId, group, ...rest, ...share });
  }

  async setGroupAdmin(userId: number, group: string, peer: number, admin: boolean): Promise<void> {
    await this.#post('/setGroupAdmin', { userId, group, peer, admin });
  }

  async handOverGroup(userId: number, group: string, peer: number): Promise<void> {
    await this.#post('/handOverGroup', { userId, group, peer });
  }

  async inviteToGroup(userId: number, group: string, peer: number): Promise<void> {
    await this.#post('/inviteToGroup', { userId, group, peer });
  }

  async removeMember(userId: number, group: string, peer: number): Promise<void> {
    await this.#post('/removeMember', { userId, group, peer });
  }

  /** What there is of the keys of an encrypted group for this user. */
  async groupKeys(userId: number, group: string, after: string | undefined): Promise<unknown> {
    return this.#post('/groupKeys', { userId, group, ...(after !== undefined && { after }) });
  }

  async drawGroupKey(userId: number, request: DrawRequest): Promise<unknown> {
    return this.#post('/drawGroupKey', { userId, ...request });
  }

  async giveGroupKey(userId: number, group: string, slots: GivenSlots): Promise<unknown> {
    return this.#post('/giveGroupKey', { userId, group, slots });
  }

  async groupChanges(userId: number, group: string, place: ChangesPlace): Promise<unknown> {
    const { members: after, keys: keysAfter } = place;
    return this.#post('/groupChanges', { userId, group, after, keysAfter });
  }

  async forgetGroupKeys(userId: number, group: string): Promise<unknown> {
    return this.#post('/forgetGroupKeys', { userId, group });
  }

  async block(userId: number, peer: number): Promise<void> {
    await this.#post('/block', { userId, peer });
  }

  async unblock(userId: number, peer: number): Promise<void> {
    await this.#post('/unblock', { userId, peer });
  }

  async blocked(userId: number): Promise<User[]> {
    return (await this.#post('/blocked', { userId })) as User[];
  }

  async showLastSeen(userId: number, isShown: boolean): Promise<void> {
    await this.#post('/lastSeen', { userId, isShown });
  }

  async conversations(userId: number, query: ConversationQuery): Promise<ConversationsAnswer> {
    return (await this.#post('/conversations', { userId, ...query })) as ConversationsAnswer;
  }

  async setConversation(userId: number, change: ConversationChange): Promise<void> {
    await this.#post('/setConversation', { userId, ...change });
  }

  async marks(userId: number, query: MarksQuery): Promise<MarksAnswer> {
    return (await this.#post('/marks', { userId, ...query })) as MarksAnswer;
  }

  async trace(userId: number, id: string): Promise<MessageTrace> {
    return (await this.#post('/ownTrace', { userId, id })) as MessageTrace;
  }

  /** Rejects with `unconfirmed` when it may have been stored. */
  async schedule(schedule: ScheduleRequest): Promise<void> {
    await asLongAsUnanswered(this.#options.platform, () => this.#post('/delay', schedule));
  }

  async delayed(userId: number, after: string | undefined): Promise<DelayedAnswer> {
    const asked = after === undefined ? { userId } : { userId, after };
    return (await this.#post('/delayed', asked)) as DelayedAnswer;
  }

  async cancelDelayed(userId: number, id: string): Promise<void> {
    await this.#post('/cancelDelayed', { userId, id });
  }

  /** The key pair of the user's account; null: it has none. */
  async ownKey(userId: number): Promise<WrappedPair | null> {
    return (await this.#post('/ownKey', { userId })) as WrappedPair | null;
  }

  /** Answers the pair that the account has then. */
  async publishKey(userId: number, pair: WrappedPair): Promise<WrappedPair> {
    return (await this.#post('/publishKey', { userId, ...pair })) as WrappedPair;
  }

  /** In their order; of each what others may know. */
  async keys(userIds: readonly number[]): Promise<readonly unknown[]> {
    return (await this.#post('/keys', { userIds })) as readonly unknown[];
  }

  /** Those of them that there are, by the way of their keys, which every route tells. */
  async users(userIds: readonly number[]): Promise<User[]> {
    const found: User[] = [];
    for (let start = 0; start < userIds.length; start += limits.keysPerRequestMax) {
      const page = await this.keys(userIds.slice(start, start + limits.keysPerRequestMax));
      for (const user of page as readonly (User | null)[])
        if (user) found.push({ userId: user.userId, userName: user.userName });
    }
    return found;
  }

  /** Answers how far it is. */
  beginFile(userId: number, facts: UploadFacts): Promise<unknown> {
    return this.#post('/files', { userId, ...facts });
  }

  async finishFile(id: string, capability: string): Promise<void> {
    await this.#post('/finishFile', { id, capability });
  }

  async cancelFile(id: string, capability: string): Promise<void> {
    await this.#post('/cancelFile', { id, capability });
  }

  /** What a route says is the matter with the cluster; null: nothing that it knows of. */
  async trouble(): Promise<string | null> {
    const { caller } = this.#options;
    const answer = (await caller.call({ method: 'GET', path: '/readyz', body: undefined })) as {
      readonly degraded?: readonly string[];
    } | null;
    return answer?.degraded?.join('; ') ?? null;
  }

  #post(path: string, body: unknown): Promise<unknown> {
    return this.#call({ method: 'POST', path, body });
  }

  /** A token may be void before its time, by a kick or a new secret: then once with another one. */
  async #call(call: Call): Promise<unknown> {
    const { caller, tokens } = this.#options;
    const bearer = await tokens.token();
    try {
      return await caller.call({ ...call, bearer });
    } catch (error) {
      const isRefused = error instanceof CimError && error.kind === 'unauthenticated';
      if (!isRefused || bearer === undefined) throw error;
      tokens.refused(bearer);
      return await caller.call({ ...call, bearer: await tokens.token() });
    }
  }
}
