/**
 * Messages that were stored, read back from the routes: what is sealed is opened, and searched,
 * here, as no route can.
 */
import { fromBase64Url } from '../../base/base64url.ts';
import { isPrivateIdentity } from '../../codec/identity.ts';
import type { HistoryPage, HistoryQuery, Message } from './client-events.ts';
import type { Encryption } from './e2ee/encryption.ts';
import { openMessage } from './received.ts';
import type { Routes, Sealable } from './routes.ts';

/** Rejects with a CimError. */
export async function readHistory(
  routes: Routes,
  encryption: Encryption,
  userId: number,
  query: HistoryQuery,
): Promise<HistoryPage> {
  const { keyword } = query;
  const isSearch = keyword !== undefined && (await encryption.canOpen());
  const page = await routes.history(userId, { ...query, ...(isSearch && { withSealed: true }) });
  const messages = await Promise.all(page.messages.map((each) => open(encryption, each)));
  const { next, expired } = page;
  if (!isSearch) return { messages, next, expired };
  const opened = page.messages.filter(({ sealed }) => sealed !== undefined).length;
  const holds = (text: string) => text.toLowerCase().includes(keyword.toLowerCase());
  return {
    // What was not sealed has been searched; what cannot be read holds nothing.
    messages: messages
      .filter(({ text, encrypted }) => !encrypted || holds(text))
      .filter(isReadable),
    next,
    expired,
    ...(opened > 0 && { opened }),
  };
}

function isReadable({ unreadable }: Message): boolean {
  return unreadable === undefined;
}

async function open(
  encryption: Encryption,
  { sealed: encoded, ...message }: Message & Sealable,
): Promise<Message> {
  if (encoded === undefined) return message;
  const { id, from, to = 0 } = message;
  const sealed = fromBase64Url(encoded);
  // The identity is what was sealed: a route may not say that it was from or to somebody else.
  if (!sealed || !isPrivateIdentity(id, from, to))
    return { ...message, text: '', unreadable: 'damaged' };
  return openMessage(encryption, { ...message, text: '', sealed }, false);
}
