/**
 * Reads stored messages back from the routes. It opens what is sealed, as no route can. A client
 * that has keys also searches here, and tells no route for what: it may be a word of a message that
 * only two people are to know.
 */
import { fromBase64Url } from '../../../base/text/base64url.ts';
import { Keyword } from '../../../base/text/keyword.ts';
import { isPrivateIdentity } from '../../../codec/identity.ts';
import type { HistoryPage, HistoryQuery, Message } from '../client-events.ts';
import type { Encryption } from '../e2ee/encryption.ts';
import { asReceivedInClear, openMessage } from '../receiving/received.ts';
import type { Routes, StoredMessage } from './routes.ts';

/** Rejects with a CimError. */
export async function readHistory(
  routes: Routes,
  encryption: Encryption,
  userId: number,
  query: HistoryQuery,
): Promise<HistoryPage> {
  const { keyword, ...rest } = query;
  const sought = keyword === undefined ? undefined : new Keyword(keyword);
  const searchesHere = sought !== undefined && (await encryption.canOpen());
  const page = await routes.history(userId, searchesHere ? rest : query);
  const messages = await Promise.all(page.messages.map((each) => open(encryption, each)));
  const { next, expired } = page;
  if (!searchesHere) return { messages, next, expired };
  const found = messages.filter(({ text }) => sought.isIn(text));
  return { messages: found, next, expired, searched: messages.length };
}

async function open(encryption: Encryption, stored: StoredMessage): Promise<Message> {
  const { sealed: sealedText, content: contentText, ...rest } = stored;
  const content = contentText === undefined ? undefined : fromBase64Url(contentText);
  const message = { ...rest, ...(content && { content }) };
  if (sealedText === undefined) return asReceivedInClear(encryption, message);
  const { id, from, to = 0 } = message;
  const sealed = fromBase64Url(sealedText);
  // The identity is what was sealed: a route may not say that it was from or to somebody else.
  if (!sealed || !isPrivateIdentity(id, from, to))
    return { ...rest, text: '', unreadable: 'damaged' };
  return openMessage(encryption, { ...message, text: '', sealed }, false);
}
