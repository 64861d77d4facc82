/**
 * Reads timelines for servers: a user's own, the lobby, and the named groups that the user is in.
 * Of a named group a member reads what was said since their latest joining, or, where it was made
 * so, all that it still keeps; that a device starts at the right place is its own business.
 */
import type { BatchCall } from '../../api/batch-call.ts';
import { type ReadEntry, type ReadResult, routeMethods } from '../../api/route-api.ts';
import { errorTable } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Bugs } from '../../base/process/bugs.ts';
import { isGroupName } from '../../base/text/names.ts';
import { lobby } from '../../codec/commands.ts';
import { unreadableUpTo } from '../../store/groups.ts';
import type { Store } from '../../store/store.ts';
import { groupTimeline, type Timelines, userTimeline } from '../../store/timelines.ts';
import { outsiderRefusal } from '../membership.ts';

type ReadStore = Pick<Store, 'groups' | 'timelines'>;

export function createReader(
  { groups, timelines }: ReadStore,
  bugs: Pick<Bugs, 'caught'>,
): BatchCall<ReadEntry, ReadResult> {
  return (entries, answer) => {
    const named: number[] = [];
    const settle = (index: number, result: Promise<ReadResult>) => {
      result.then(
        (page) => answer(index, page),
        (error: unknown) =>
          answer(
            index,
            bugs.caught(error, 'reading a timeline')
              ? refused('internal')
              : routeMethods.read.unanswered,
          ),
      );
    };
    for (const [index, entry] of entries.entries()) {
      if (entry.group === '' || entry.group === lobby) settle(index, read(timelines, entry));
      else if (isGroupName(entry.group)) named.push(index);
      else answer(index, refused('unknown-group'));
    }
    if (named.length === 0) return;
    // Asked once for all: one message to a group makes many of its members read.
    const questions = named.map((index) => entries[index] as ReadEntry);
    const memberships = groups.memberships(questions);
    for (const [position, index] of named.entries()) {
      const entry = questions[position] as ReadEntry;
      settle(
        index,
        memberships.then(async (found) => {
          const membership = found[position];
          if (!membership) return refused(await outsiderRefusal(groups, entry.group));
          return readFrom(timelines, entry, unreadableUpTo(membership));
        }),
      );
    }
  };
}

function refused(error: 'unknown-group' | 'not-a-member' | 'internal'): ReadResult {
  return { ...routeMethods.read.unanswered, code: Number(errorTable[error].code) };
}

/** As if nothing up to this number had ever been there. */
async function readFrom(
  timelines: Timelines,
  entry: ReadEntry,
  unreadable: number,
): Promise<ReadResult> {
  if (entry.after >= unreadable) return read(timelines, entry);
  const page = await read(timelines, { ...entry, after: unreadable, afterIdentity: '' });
  return { ...page, first: Math.max(page.first, unreadable + 1) };
}

async function read(
  timelines: Timelines,
  { userId, group, after, afterIdentity, limit }: ReadEntry,
): Promise<ReadResult> {
  const { messages, head, first, rewound } = await timelines.read({
    timeline: group === '' ? userTimeline(userId) : groupTimeline(group),
    after,
    limit: Math.min(limit, limits.pageMessagesMax),
    ...(afterIdentity === '' ? {} : { identity: afterIdentity }),
  });
  const seqs: number[] = [];
  const bodies: Uint8Array[] = [];
  let bytes = 0;
  for (const { seq, body } of messages) {
    bytes += body.length;
    if (bodies.length > 0 && bytes > limits.pageBytesMax) break;
    seqs.push(seq);
    bodies.push(body);
  }
  return { code: 0, seqs, bodies, head, first, rewound };
}
