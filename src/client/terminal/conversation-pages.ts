/** The list of conversations, a page at a time: `more` goes on where the last one ended. */
import type { CimClient, Message } from '../sdk/index.ts';
import { meet, type People } from './people.ts';
import type { Result } from './view/view.ts';

type Page = Extract<Result, { kind: 'conversations' }>;

export interface ConversationPagesOptions {
  readonly client: Pick<CimClient, 'conversations' | 'users'>;
  readonly people: People;
}

export class ConversationPages {
  readonly #options: ConversationPagesOptions;
  #limit = 0;
  /** Where older ones go on; null: there are none. */
  #next: string | null = null;

  constructor(options: ConversationPagesOptions) {
    this.#options = options;
  }

  /** Rejects with a CimError. */
  async newest(limit: number): Promise<Page> {
    this.#limit = limit;
    return { ...(await this.#read()), isMore: false };
  }

  /** Those after what was shown last. Rejects with a CimError. */
  async more(): Promise<Page> {
    const none = { kind: 'conversations', conversations: [], older: false } as const;
    const page = this.#next === null ? none : await this.#read(this.#next);
    return { ...page, isMore: true };
  }

  async #read(before?: string): Promise<Omit<Page, 'isMore'>> {
    const { client, people } = this.#options;
    const query = { limit: this.#limit, ...(before !== undefined && { before }) };
    const { conversations, next } = await client.conversations(query);
    this.#next = next;
    for (const { last } of conversations) if (last) this.#learn(last);
    await meet(
      people,
      client,
      conversations.flatMap(({ peer }) => peer ?? []),
    );
    return { kind: 'conversations', conversations, older: next !== null };
  }

  #learn({ from, fromName }: Message): void {
    this.#options.people.learn(from, fromName);
  }
}
