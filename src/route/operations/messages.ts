/** Messages that come over HTTP, and the history of those that were stored. */
import { callOne } from '../../api/batch-call.ts';
import { CimError } from '../../base/errors.ts';
import { lobby } from '../../codec/commands.ts';
import { sourceOf as sourceOfMessage } from '../../codec/identity.ts';
import { type Membership, unreadableUpTo } from '../../store/groups.ts';
import { javaDevice } from '../../store/sessions.ts';
import type { Store } from '../../store/store.ts';
import { groupTimeline, userTimeline } from '../../store/timelines.ts';
import { requireMembership } from '../membership.ts';
import { type HistorySource, readHistory } from '../messages/history.ts';
import { type ContentFields, saidOverHttp } from '../messages/http-content.ts';
import { assertText, deliverTexts, passTexts, type Texts } from '../messages/http-message.ts';
import { epochOf } from '../messages/request-epoch.ts';
import type { HistoryQuery } from '../operation-shapes.ts';
import type { RouteOperations } from '../operations.ts';
import { callerOf, liveSessions, type OperationsContext } from './context.ts';

export function messageOperations(
  context: OperationsContext,
): Pick<RouteOperations, 'sendPrivate' | 'sendGroup' | 'fetchOffline' | 'history'> {
  const { store, registry, accounts, delivery, transients, servers, clock } = context;

  return {
    async sendPrivate({ from, to, texts, key, transient = false, content }) {
      for (const text of texts) assertText(text);
      assertNoKey(transient, key);
      const sender = await callerOf(context, from);
      // Before the request counts: to a receiver who registers later, the same one is another one.
      if (!(await accounts.find(to))) throw new CimError(accounts.absence);
      const at = clock.now();
      const said = saidOf(texts, content, { from, name: sender.name, to, group: '', at });
      const meaning = ['private', to, texts, ...(content ? [content] : [])];
      const epochHex = await epochOf(store.requests, from, key, meaning);
      const message = { sender, to, ...said, at, epochHex };
      const watchers = transient
        ? await passTexts(transients, message)
        : (await deliverTexts(delivery, message)).watchers;
      const isLive = watchers.some(({ instance }) => !registry.isGone(instance));
      const id = `${sourceOfMessage(from, epochHex, to, '')}.${said.texts.length}`;
      // Nobody is told of what somebody sends who is blocked; they hear what others would.
      const online = isLive || (await liveSessions(context, to)).length > 0;
      return { online, ...(!transient && { id }) };
    },

    async sendGroup({ from, group, text, key, transient = false, isExempt = false, content }) {
      assertText(text ?? '');
      assertNoKey(transient, key);
      const sender = await callerOf(context, from);
      const at = clock.now();
      const texts = text === undefined ? [] : [text];
      const said = saidOf(texts, content, { from, name: sender.name, to: 0, group, at });
      const meaning = ['group', group, text, ...(content ? [content] : [])];
      const epochHex = await epochOf(store.requests, from, key, meaning);
      const message = { sender, group, ...said, at, epochHex, isExempt };
      if (!transient) {
        await deliverTexts(delivery, message);
        return { id: `${sourceOfMessage(from, epochHex, 0, group)}.1` };
      }
      if (group !== lobby) await requireMembership(store.groups, group, from);
      await passTexts(transients, message);
      return {};
    },

    async fetchOffline(userId) {
      const sessions = await liveSessions(context, userId);
      const java = sessions.filter(({ device }) => device === javaDevice);
      await Promise.all(
        java.map(({ address, sessionId, instance }) =>
          callOne(servers.at(address).wake, { sessionId, instance }),
        ),
      );
    },

    history: async (query) => readHistory(store.timelines, await sourcesOf(store, query), query),
  };
}

/** Several texts have nothing beside them. */
function saidOf(
  texts: readonly string[],
  content: ContentFields | undefined,
  place: Parameters<typeof saidOverHttp>[2],
): Pick<Texts, 'texts' | 'content' | 'silent'> {
  if (!content) return { texts };
  if (texts.length > 1)
    throw new CimError(
      'invalid-argument',
      'batchMsg: only a single message has something beside it',
    );
  const { text, ...rest } = saidOverHttp(texts[0], content, place);
  return { texts: [text], ...rest };
}

/** Whatever happens, a transient message is sent at most once: there is nothing to repeat. */
function assertNoKey(transient: boolean, key: string | undefined): void {
  if (transient && key !== undefined) {
    throw new CimError('invalid-argument', 'transient: must not be given with an Idempotency-Key');
  }
}

/** What a query is about, as far as the user may read it. */
async function sourcesOf(
  { groups }: Store,
  { userId, peer, group }: HistoryQuery,
): Promise<HistorySource[]> {
  const own = { timeline: userTimeline(userId), after: 0 };
  const ofLobby = { timeline: groupTimeline(lobby), after: 0 };
  if (group === lobby) return [ofLobby];
  if (group !== undefined) return [sourceOf(await requireMembership(groups, group, userId))];
  if (peer !== undefined) return [own];
  return [own, ofLobby, ...(await groups.of(userId)).map(sourceOf)];
}

function sourceOf(membership: Membership): HistorySource {
  return { timeline: groupTimeline(membership.group), after: unreadableUpTo(membership) };
}
