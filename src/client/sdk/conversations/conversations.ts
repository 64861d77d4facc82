/** What a user's conversations are, and what the account keeps of each: asked of routes. */
import { groupNameOf } from '../../../base/text/names.ts';
import type { Target } from '../client-events.ts';
import type { Contents } from '../content/contents.ts';
import type { Encryption } from '../e2ee/encryption.ts';
import { openStored } from '../routes/history.ts';
import type { Routes } from '../routes/routes.ts';
import type { ConversationPage, ConversationQuery, GroupMarks } from './conversation.ts';

export interface ConversationsOptions {
  readonly userId: number;
  readonly routes: Routes;
  readonly encryption: Encryption;
  readonly contents: Contents;
}

export class Conversations {
  readonly #options: ConversationsOptions;

  constructor(options: ConversationsOptions) {
    this.#options = options;
  }

  async list(query: ConversationQuery): Promise<ConversationPage> {
    const { userId, routes, encryption, contents } = this.#options;
    const page = await routes.conversations(userId, query);
    const conversations = await Promise.all(
      page.conversations.map(async ({ last: stored, ...conversation }) => {
        if (!stored) return conversation;
        const [last] = contents.readBack([await openStored(encryption, stored)]);
        return last ? { ...conversation, last } : conversation;
      }),
    );
    return { conversations, next: page.next };
  }

  set(
    target: Target,
    flags: { readonly muted?: boolean; readonly pinned?: boolean },
  ): Promise<void> {
    const { userId, routes } = this.#options;
    const name = 'to' in target ? { peer: target.to } : { group: groupNameOf(target.group) };
    return routes.setConversation(userId, { ...name, ...flags });
  }

  async marksOfGroup(group: string, seq: number): Promise<GroupMarks> {
    const { userId, routes } = this.#options;
    const answer = await routes.marks(userId, { group: groupNameOf(group), seq });
    return answer.group as GroupMarks;
  }
}
