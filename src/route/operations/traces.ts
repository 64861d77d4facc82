/**
 * Where a message is, of what the store, the registry and this route know; and what would become of one
 * now. For operators, who may see whose sessions are where. Its sender is told what receipts tell, and
 * of a private message not what became of the receiver's copy: that would tell who has blocked them.
 */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { lobby } from '../../codec/commands.ts';
import { identityOfFields, type MessageId, parseIdentity } from '../../codec/identity.ts';
import { scanIfReadable } from '../../codec/message-scan.ts';
import { groupTimeline, type TimelineId, userTimeline } from '../../store/timelines.ts';
import { requireMembership } from '../membership.ts';
import type { OpenSession, Outlook, OwnTrace, StoredCopy } from '../operation-shapes.ts';
import type { RouteOperations } from '../operations.ts';
import { liveSessions, type OperationsContext } from './context.ts';

export function traceOperations(
  context: OperationsContext,
): Pick<RouteOperations, 'trace' | 'ownTrace' | 'outlook' | 'pushesOf'> {
  const { store, pushes } = context;

  return {
    async trace(id) {
      const message = messageOf(id);
      const { from, to, group, epochHex, sendSeq } = message;
      const timeline = group === '' ? userTimeline(to) : groupTimeline(group);
      const own = group === '' && to !== from ? [userTimeline(from)] : [];
      const found = await Promise.all(
        [timeline, ...own].map((each) => findCopy(context, each, message)),
      );
      const copies = found.map(({ copy }) => copy);
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

    async ownTrace(userId, id) {
      const message = messageOf(id);
      const { from, group } = message;
      if (from !== userId) throw new CimError('not-the-author', 'id: somebody else has sent it');
      if (group !== '' && group !== lobby) await requireMembership(store.groups, group, userId);
      const timeline = group === '' ? userTimeline(userId) : groupTimeline(group);
      const { copy, scannedBytes } = await findCopy(
        context,
        timeline,
        message,
        limits.historyScanBytesMax,
      );
      const { seq, at, searched } = copy;
      return {
        id,
        seq,
        at,
        searched,
        reached: await reachedOf(context, message, seq),
        scannedBytes,
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

/** Throws `invalid-argument`. */
function messageOf(id: string): MessageId {
  const message = parseIdentity(id);
  if (!message) throw new CimError('invalid-argument', 'id: is not the id of a message');
  return message;
}

/**
 * From the newest backwards, as no index leads from an identity to a number. With more than `bytesMax`
 * looked through it is given up.
 */
async function findCopy(
  { store }: OperationsContext,
  timeline: TimelineId,
  message: MessageId,
  bytesMax = Number.POSITIVE_INFINITY,
): Promise<{ readonly copy: StoredCopy; readonly scannedBytes: number }> {
  const id = identityOfFields(message);
  let [before, searched, scannedBytes] = [0, 0, 0];
  while (searched < limits.traceMessagesMax && scannedBytes < bytesMax) {
    const page = await store.timelines.readBack(timeline, before, limits.tracePageMax);
    for (const { seq, body } of page) {
      const fields = scanIfReadable(body);
      searched += 1;
      scannedBytes += body.length;
      if (fields && identityOfFields(fields) === id)
        return { copy: { timeline, seq, at: fields.at, searched }, scannedBytes };
      before = seq;
    }
    if (page.length === 0 || before === 1) break;
  }
  return { copy: { timeline, seq: null, at: null, searched }, scannedBytes };
}

async function reachedOf(
  { store, marks }: OperationsContext,
  message: MessageId,
  seq: number | null,
): Promise<OwnTrace['reached']> {
  const { from, to, group } = message;
  if (marks.receipts === 'off' || group === lobby) return null;
  const tellsRead = marks.receipts === 'all';
  if (group === '') {
    const { delivered, read } = await privateMarks(store.marks, message);
    return { receivers: to === from ? 0 : 1, delivered, read: tellsRead ? read : null };
  }
  if (seq === null) return null;
  const { members, delivered, read } = await store.marks.ofGroup(group, seq);
  return { receivers: members - 1, delivered, read: tellsRead ? read : null };
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
