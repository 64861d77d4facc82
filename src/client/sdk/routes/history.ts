/**
 * Reads stored messages back from the routes. It opens what is sealed, as no route can. It also searches
 * here, and tells no route for what: it may be a word of a message that only two people are to know, or
 * of one that was edited.
 */
import { fromBase64Url } from '../../../base/text/base64url.ts';
import { isIdentityIn } from '../../../codec/identity.ts';
import type { HistoryPage, HistoryQuery } from '../client-events.ts';
import type { Contents } from '../content/contents.ts';
import type { Encryption } from '../e2ee/encryption.ts';
import { loaded } from '../on-demand.ts';
import { type Arrived, asReceivedInClear, openMessage } from '../receiving/received.ts';
import type { Routes, StoredMessage } from './routes.ts';

/** Rejects with a CimError. */
export async function readHistory(
  routes: Routes,
  encryption: Encryption,
  contents: Contents,
  userId: number,
  query: HistoryQuery,
): Promise<HistoryPage> {
  const { keyword, ...rest } = query;
  const page = await routes.history(userId, rest);
  const opened = await Promise.all(page.messages.map((each) => openStored(encryption, each)));
  const messages = contents.readBack(opened);
  const { next, expired } = page;
  if (keyword === undefined) return { messages, next, expired };
  const { Keyword } = await loaded(() => import('../../../base/text/keyword.ts'));
  const sought = new Keyword(keyword);
  const found = messages.filter(({ text }) => sought.isIn(text));
  return { messages: found, next, expired, searched: opened.length };
}

/** A message as a route answers it, opened. Rejects with a CimError. */
export async function openStored(encryption: Encryption, stored: StoredMessage): Promise<Arrived> {
  const { sealed: sealedText, content: contentText, keyEpoch, ...rest } = stored;
  const content = contentText === undefined ? undefined : fromBase64Url(contentText);
  const message = { ...rest, ...(content && { content }) };
  if (sealedText === undefined) return asReceivedInClear(encryption, message);
  const { id, from, to = 0, group = '' } = message;
  const sealed = fromBase64Url(sealedText);
  // The identity is what was sealed: a route may not say that it was from or to somebody else.
  if (!sealed || !isIdentityIn(id, { from, to, group }))
    return { ...rest, text: '', unreadable: 'damaged' };
  const ofGroup = keyEpoch !== undefined && { keyEpoch };
  return openMessage(encryption, { ...message, text: '', sealed, ...ofGroup }, false);
}
