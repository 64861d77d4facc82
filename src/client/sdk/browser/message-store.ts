/**
 * The messages that a device keeps in its browser, as they are now: edits take the place of texts, what
 * was retracted is gone, from the index of words as well. Bounded in count and bytes: the oldest go
 * first. All writing is part of a transaction of journal.ts.
 */
import { limits } from '../../../base/limits.ts';
import { foldedForm } from '../../../base/text/normal-form.ts';
import type { HistoryPage, Message, Target } from '../client-events.ts';
import type { ContentEvent } from '../content/contents.ts';
import { tombstone, withEdit } from '../content/pictures.ts';
import type { DeviceDatabase, KeptMessage, Writing } from './database.ts';
import { soughtWords, wordsOf } from './words.ts';

export interface StoredQuery {
  /** Only what was said with this user, or in this group. */
  readonly with?: Target;
  /** Only messages that hold this text, whatever its case and accents. */
  readonly keyword?: string;
  /** Only messages older than those of this page: its `next`. */
  readonly before?: string;
  readonly limit: number;
}

interface Totals {
  readonly messages: number;
  readonly bytes: number;
}

const totalsName = 'totals';
/** Of a message without its text and words: names, numbers and the index. */
const messageBytes = 400;
/** Behind every text that begins with what is before it. */
const last = '\uffff';

/** False: it is there already, or is about none that is kept. */
export async function keep(
  writing: Writing,
  userId: number,
  order: number,
  { name, event }: ContentEvent,
): Promise<void> {
  const messages = writing.objectStore('messages');
  const before = await messages.get(event.id);
  const message = after(before?.message, { name, event } as ContentEvent);
  if (!message) return;
  const kept = keptMessage(message, userId, before?.order ?? order);
  await messages.put(kept);
  await trim(writing, {
    messages: before ? 0 : 1,
    bytes: kept.bytes - (before?.bytes ?? 0),
  });
}

/** As it is after this. Undefined: it is not known. */
function after(before: Message | undefined, { name, event }: ContentEvent): Message | undefined {
  if (name === 'message') return event;
  if (!before || before.retracted) return undefined;
  switch (name) {
    case 'edited':
      return withEdit(before, event);
    case 'retracted':
      return tombstone(before);
    case 'reactions': {
      const others = (before.reactions ?? []).filter(({ from }) => from !== event.from);
      const own = event.emoji.length > 0 ? [{ from: event.from, emoji: event.emoji }] : [];
      const reactions = [...others, ...own].sort((one, other) => one.from - other.from);
      const { reactions: _before, ...rest } = before;
      return { ...rest, ...(reactions.length > 0 && { reactions }) };
    }
  }
}

function keptMessage(message: Message, userId: number, order: number): KeptMessage {
  const words = wordsOf(message.text);
  const characters = message.text.length + words.reduce((sum, word) => sum + word.length, 0);
  return {
    id: message.id,
    place: placeOf(message, userId),
    at: message.at,
    order,
    bytes: messageBytes + 2 * characters,
    words,
    message,
  };
}

/** Of a message, for one of those who are in its conversation. */
function placeOf({ from, to, group }: Message, userId: number): string {
  return group === undefined ? String(from === userId ? to : from) : `#${group}`;
}

async function trim(writing: Writing, added: Totals): Promise<void> {
  const values = writing.objectStore('values');
  const before = ((await values.get(totalsName)) ?? { messages: 0, bytes: 0 }) as Totals;
  let { messages, bytes } = {
    messages: before.messages + added.messages,
    bytes: before.bytes + added.bytes,
  };
  const byAge = writing.objectStore('messages').index('order');
  let oldest = isTooMuch(messages, bytes) ? await byAge.openCursor() : null;
  while (oldest && isTooMuch(messages, bytes)) {
    messages -= 1;
    bytes -= oldest.value.bytes;
    await oldest.delete();
    oldest = await oldest.continue();
  }
  await values.put({ messages, bytes }, totalsName);
}

function isTooMuch(messages: number, bytes: number): boolean {
  return messages > limits.clientStoredMessagesMax || bytes > limits.clientStoredBytesMax;
}

/** The newest that match, oldest first. */
export async function read(database: DeviceDatabase, query: StoredQuery): Promise<HistoryPage> {
  const { keyword, limit } = query;
  const wanted = Math.min(limit, limits.pageMessagesMax);
  const found =
    keyword === undefined ? newest(database, query) : matching(database, query, keyword);
  const page: KeptMessage[] = [];
  for await (const kept of found) {
    page.unshift(kept);
    if (page.length >= wanted) break;
  }
  const [oldest] = page;
  return {
    messages: page.map(({ message }) => message),
    next: page.length < wanted || !oldest ? null : `${oldest.at}.${oldest.order}`,
    expired: false,
  };
}

type Place = readonly [at: number, order: number];

function beforeOf({ before }: StoredQuery): Place {
  const [, at, order] = /^(\d{1,16})\.(\d{1,16})$/.exec(before ?? '') ?? [];
  return at === undefined ? [Infinity, Infinity] : [Number(at), Number(order)];
}

function placeNamed(target: Target): string {
  return 'to' in target ? String(target.to) : `#${target.group}`;
}

/** From the newest back. */
async function* newest(
  database: DeviceDatabase,
  query: StoredQuery,
): AsyncGenerator<KeptMessage, void> {
  const [at, order] = beforeOf(query);
  const { with: target } = query;
  const messages = database.transaction('messages').store;
  if (target === undefined) {
    const range = IDBKeyRange.upperBound([at, order], true);
    for await (const cursor of messages.index('age').iterate(range, 'prev')) yield cursor.value;
    return;
  }
  const place = placeNamed(target);
  const range = IDBKeyRange.bound([place], [place, at, order], false, true);
  for await (const cursor of messages.index('place').iterate(range, 'prev')) yield cursor.value;
}

/** By the longest word of what is sought: the fewest have it. */
async function* matching(
  database: DeviceDatabase,
  query: StoredQuery,
  keyword: string,
): AsyncGenerator<KeptMessage, void> {
  const form = foldedForm(keyword);
  const place = query.with && placeNamed(query.with);
  const [at, order] = beforeOf(query);
  const isMatch = (kept: KeptMessage) =>
    (place === undefined || kept.place === place) && foldedForm(kept.message.text).includes(form);
  const [rarest] = soughtWords(keyword).sort((one, other) => other.length - one.length);
  if (rarest === undefined) {
    for await (const kept of newest(database, query)) if (isMatch(kept)) yield kept;
    return;
  }
  const range = IDBKeyRange.bound(rarest, `${rarest}${last}`);
  const candidates = new Map<string, KeptMessage>();
  const index = database.transaction('messages').store.index('words');
  for (const kept of await index.getAll(range, limits.clientSearchedMax))
    if (kept.at < at || (kept.at === at && kept.order < order)) candidates.set(kept.id, kept);
  const newestFirst = [...candidates.values()].sort(
    (one, other) => other.at - one.at || other.order - one.order,
  );
  for (const kept of newestFirst) if (isMatch(kept)) yield kept;
}
