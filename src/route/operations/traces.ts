/**
 * Where a message is, of what the store, the registry and this route know; and what would become of one
 * now. For operators, who may see whose sessions are where.
 */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { identityOfFields, type MessageId, parseIdentity } from '../../codec/identity.ts';
import { scanIfReadable } from '../../codec/message-scan.ts';
import { groupTimeline, type TimelineId, userTimeline } from '../../store/timelines.ts';
import type { OpenSession, Outlook, StoredCopy } from '../operation-shapes.ts';
import type { RouteOperations } from '../operations.ts';
import { liveSessions, type OperationsContext } from './context.ts';

export function traceOperations(
  context: OperationsContext,
): Pick<RouteOperations, 'trace' | 'outlook' | 'pushesOf'> {
  const { store, pushes } = context;

  return {
    async trace(id) {
      const message = parseIdentity(id);
      if (!message) throw new CimError('invalid-argument', 'id: is not the id of a message');
      const { from, to, group, epochHex, sendSeq } = message;
      const timeline = group === '' ? userTimeline(to) : groupTimeline(group);
      const own = group === '' && to !== from ? [userTimeline(from)] : [];
      const copies = await Promise.all(
        [timeline, ...own].map((each) => findCopy(context, each, message)),
      );
      const seq = copies[0]?.seq ?? null;
      const outlook = await outlookOf(context, { from, to, group });
      const reached =
        group === ''
          ? await privateMarks(store.marks, { from, to, epochHex, sendSeq })
          : seq === null
            ? { delivered: 0, read: 0 }
            : await store.marks.ofGroup(group, seq);
      return {
        id,
        copies,
        sessions: outlook.sessions,
        pushes: seq === null ? [] : pushes.of(timeline, seq),
        delivered: reached.delivered,
        read: reached.read,
        obstacles: outlook.obstacles,
      };
    },

    outlook: (target) => outlookOf(context, target),

    pushesOf: (timeline, seq) => pushes.of(timeline, seq),
  };

  async function outlookOf(
    all: OperationsContext,
    { from, to, group }: { readonly from?: number; readonly to: number; readonly group: string },
  ): Promise<Outlook> {
    const [problem, refusal] = await Promise.all([store.problem(), store.refusal()]);
    const obstacles = [problem, refusal].filter((reason) => reason !== null);
    if (group === '') {
      if (!(await all.accounts.find(to))) obstacles.push(`there is no user ${to}`);
      if (from !== undefined && (await all.blocks.by(to)).has(from))
        obstacles.push(`user ${to} has blocked user ${from}`);
      const sessions = await liveSessions(all, to);
      return { sessions: sessions.map(openSession), obstacles };
    }
    const [watchers = []] = await store.timelines.watchers([groupTimeline(group)]);
    return { sessions: watchers.map(openSession), obstacles };
  }
}

function openSession({ device, instance }: { device: string; instance: string }): OpenSession {
  return { device, server: instance };
}

/** From the newest backwards, as no index leads from an identity to a number. */
async function findCopy(
  { store }: OperationsContext,
  timeline: TimelineId,
  message: MessageId,
): Promise<StoredCopy> {
  const id = identityOfFields(message);
  let [before, searched] = [0, 0];
  while (searched < limits.traceMessagesMax) {
    const page = await store.timelines.readBack(timeline, before, limits.tracePageMax);
    for (const { seq, body } of page) {
      const fields = scanIfReadable(body);
      searched += 1;
      if (fields && identityOfFields(fields) === id)
        return { timeline, seq, at: fields.at, searched };
      before = seq;
    }
    if (page.length === 0 || before === 1) break;
  }
  return { timeline, seq: null, at: null, searched };
}

async function privateMarks(
  marks: OperationsContext['store']['marks'],
  { from, to, epochHex, sendSeq }: Pick<MessageId, 'from' | 'to' | 'epochHex' | 'sendSeq'>,
): Promise<{ readonly delivered: number; readonly read: number }> {
  const [sources = []] = await marks.ofPeers(from, [to]);
  const source = sources.find((each) => each.epochHex === epochHex);
  const reaches = (mark: number | undefined) => ((mark ?? 0) >= sendSeq ? 1 : 0);
  return { delivered: reaches(source?.delivered), read: reaches(source?.read) };
}
