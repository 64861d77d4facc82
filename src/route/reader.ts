/**
 * Reads timelines for servers: a user's own, the lobby, and the named groups that the user is in.
 * Members may read all that a group still keeps, also what was said before they joined; that a
 * device starts at the right place is its own business.
 */
import type { BatchCall } from '../api/batch-call.ts';
import type { ReadEntry, ReadResult } from '../api/route-api.ts';
import { errorTable } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { isGroupName } from '../base/names.ts';
import { lobby } from '../codec/commands.ts';
import { routeMethods } from '../link/methods.ts';
import type { Store } from '../store/store.ts';
import { groupTimeline, type Timelines, userTimeline } from '../store/timelines.ts';
import { outsiderRefusal } from './membership.ts';

type ReadStore = Pick<Store, 'groups' | 'timelines'>;

export function createReader({ groups, timelines }: ReadStore): BatchCall<ReadEntry, ReadResult> {
  return (entries, answer) => {
    const named: number[] = [];
    const settle = (index: number, result: Promise<ReadResult>) => {
      result.then(
        (page) => answer(index, page),
        () => answer(index, routeMethods.read.unanswered),
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
    const members = groups.areMembers(questions);
    for (const [position, index] of named.entries()) {
      const entry = questions[position] as ReadEntry;
      settle(
        index,
        members.then(async (isMember) =>
          isMember[position]
            ? read(timelines, entry)
            : refused(await outsiderRefusal(groups, entry.group)),
        ),
      );
    }
  };
}

function refused(error: 'unknown-group' | 'not-a-member'): ReadResult {
  return { ...routeMethods.read.unanswered, code: Number(errorTable[error].code) };
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
