/**
 * Reads the history back. It joins pages until there are as many messages as were asked for. `more`
 * goes on where that ended.
 */
import { limits } from '../../base/limits.ts';
import {
  type CimClient,
  CimError,
  type HistoryPage,
  type HistoryQuery,
  type Message,
} from '../sdk/index.ts';
import type { Result } from './view/view.ts';

type History = Extract<Result, { kind: 'history' }>;

/**
 * Pages asked for at once. A search for what is rare may find nothing in many: whoever searches is
 * told, and may look further.
 */
const pagesMax = 25;

export class Past {
  readonly #client: Pick<CimClient, 'history'>;
  /** What was asked last, and from where it goes on; null: there are no older ones. */
  #query: HistoryQuery | undefined;
  #next: string | null = null;
  #expired = false;

  constructor(client: Pick<CimClient, 'history'>) {
    this.#client = client;
  }

  /** The newest that match. `limit` may be more than a page. Rejects with a CimError. */
  async newest(query: HistoryQuery): Promise<History> {
    const found = await this.#read(query, query.before);
    return { ...found, isMore: false };
  }

  /** Those before what was shown last. */
  async more(): Promise<History> {
    if (!this.#query) {
      throw new CimError(
        'invalid-argument',
        ':more goes on from :history, :q keyword or :conversations',
      );
    }
    const isOver = this.#next === null;
    const found = isOver ? this.#result([]) : await this.#read(this.#query, this.#next);
    return { ...found, isMore: true };
  }

  async #read(query: HistoryQuery, start: string | null | undefined) {
    const messages: Message[] = [];
    let next = start ?? null;
    let expired = false;
    let searched = 0;
    for (let page = 1; page <= pagesMax; page++) {
      // Of what is searched by the client a page holds few matches, perhaps: it stays a large one.
      const wanted = query.keyword === undefined ? query.limit - messages.length : query.limit;
      const limit = Math.min(wanted, limits.pageMessagesMax);
      const older = await this.#page({ ...query, limit, ...(next && { before: next }) }, page);
      if (!older) break;
      messages.unshift(...older.messages);
      ({ next, expired } = older);
      searched += older.searched ?? 0;
      if (next === null || messages.length >= query.limit) break;
    }
    this.#query = query;
    this.#next = next;
    this.#expired = expired;
    return this.#result(messages, searched);
  }

  /** Undefined: that was much for now, and what was found by then is shown. */
  async #page(query: HistoryQuery, page: number): Promise<HistoryPage | undefined> {
    try {
      return await this.#client.history(query);
    } catch (error) {
      const isTooMuch = error instanceof CimError && error.kind === 'too-many-requests';
      if (page > 1 && isTooMuch) return undefined;
      throw error;
    }
  }

  #result(messages: readonly Message[], searched = 0): Omit<History, 'isMore'> {
    const keyword = this.#query?.keyword;
    return {
      kind: 'history',
      messages,
      ...(keyword !== undefined && { keyword }),
      ...(searched > 0 && { searched }),
      older: this.#next !== null,
      expired: this.#expired,
    };
  }
}
