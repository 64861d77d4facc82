/**
 * A deletion while everything else goes on: people write to and from the account, it logs in and out,
 * is in groups, marks and is marked, in an order that a seed decides. Nothing is waited for in between.
 */

import { ignore } from '../../src/base/ignore.ts';
import type { Store } from '../../src/store/store.ts';
import { groupTimeline, userTimeline } from '../../src/store/timelines.ts';
import { SeededRandom } from '../../src/witness/seeded-random.ts';
import { nextGroup, nextUserId, opening } from '../contract/store/users.ts';
import { drawFileId } from './file-uploads.ts';
import { Conversation } from './messages.ts';

export interface DeletionRace {
  /** Who is deleted, and who stays. */
  readonly amy: number;
  readonly bob: number;
  /** What bob owns, where amy was a member; and what was amy's, where bob was. */
  readonly groups: readonly string[];
}

/** An account with everything that one can have. */
export async function liveFully({ amy, bob, groups }: DeletionRace, store: Store): Promise<void> {
  for (const userId of [amy, bob]) {
    await store.accounts.register({ userId, name: `Name${userId}`, verifier: 'v' });
    await store.accounts.offerKeys(userId, { publicKey: 'p', wrappedKey: 'w' });
  }
  const [joined = '', own = ''] = groups;
  await store.groups.create(joined, bob);
  await store.groups.join(joined, amy);
  await store.groups.create(own, amy);
  await store.groups.join(own, bob);
  // Nobody's turn comes before all of this is there.
  for (const work of worksOf({ amy, bob, groups }, store)) await work();
  await store.sessions.open([opening(amy)]);
}

/** Every kind of work that is about amy, once. */
function worksOf({ amy, bob, groups }: DeletionRace, store: Store): (() => Promise<unknown>)[] {
  const { accounts, sessions, conversations, marks, presence, schedules, requests, files } = store;
  const [joined = '', own = ''] = groups;
  const private_ = (from: number, to: number) => {
    const conversation = new Conversation(from, to);
    const runs = [to, from].map((user) => conversation.append(userTimeline(user), 1, ['text']));
    return { ...conversation, send: () => store.timelines.append(runs) };
  };
  const toGroup = (from: number, group: string) => {
    const said = new Conversation(from, group).append(groupTimeline(group), 1, ['to all']);
    return () => store.timelines.append([{ ...said, onlyIfMember: from }]);
  };
  const mark = (reader: number, from: number, epochHex: string) => {
    const place = { reader, from, epochHex, group: '', sendSeq: 1, seq: 1 };
    return marks.move([{ ...place, kind: 'read', isQuiet: false }]);
  };
  const invited = async (userId: number, by: number) => {
    const group = nextGroup();
    await store.groups.create(group, by);
    await store.groups.change(group, by, { kind: 'invite', userId });
  };
  const [toAmy, toBob] = [private_(bob, amy), private_(amy, bob)];
  const notes = new Conversation(amy, amy).append(userTimeline(amy), 1, ['mine']);
  const report = opening(amy, { device: `device-${nextUserId()}` });
  const id = `s${nextUserId()}`;
  const file = { owner: amy, bytes: 1, type: 'image/png', sha256: 'h', capability: 'c' };
  const room = {
    ...{ userBytesMax: 1e12, allBytesMax: 1e12 },
    ...{ userUnfinishedBytesMax: 1e12, allUnfinishedBytesMax: 1e12 },
  };
  const topicSession = { owner: userTimeline(amy), clientId: report.device };
  const topicRoom = { filtersPerSessionMax: 10, sessionsPerOwnerMax: 10 };
  const observer = { instance: 'instance-a', address: '10.0.0.1:9000:8081' };
  return [
    () => toAmy.send().then(() => mark(amy, bob, toAmy.epochHex)),
    () => toBob.send().then(() => mark(bob, amy, toBob.epochHex)),
    () => store.timelines.append([notes]),
    () => sessions.open([report]),
    () => sessions.acknowledge([{ userId: amy, device: report.device, seq: 1 }]),
    () => sessions.close([report]),
    () => sessions.assignJava(amy, '10.0.0.1:9000:8081'),
    () => presence.showLastSeen(amy, true),
    () => presence.look([{ userId: amy, observer, watchers: [bob] }], 60_000),
    () => store.groups.create(nextGroup(), amy),
    () => invited(amy, bob),
    () => store.groups.join(joined, amy),
    () => store.groups.change(joined, bob, { kind: 'admin', userId: amy }),
    () => store.groups.change(joined, bob, { kind: 'hand-over', userId: amy }),
    () => store.groups.acknowledge([{ group: joined, userId: amy, seq: 1 }]),
    () => store.groups.leave(own, bob).then(() => store.groups.join(own, bob)),
    toGroup(amy, joined),
    toGroup(amy, own),
    toGroup(bob, own),
    () => conversations.block(amy, nextUserId()),
    () => conversations.block(bob, amy).then(() => conversations.unblock(bob, amy)),
    () => conversations.setFlag(amy, { peer: bob, group: '' }, 'pinned', true),
    () => conversations.setFlag(amy, { peer: 0, group: own }, 'muted', true),
    () => schedules.create({ id, owner: amy, payload: Buffer.from('x') }, 1e6),
    () => schedules.create({ id: `${id}c`, owner: amy, payload: Buffer.from('x') }, 1e6),
    () => schedules.cancel({ id: `${id}c`, owner: amy }),
    () => requests.claim({ owner: amy, key: id, fingerprint: 'f', epochHex: 'e' }),
    () => files.begin({ ...file, id: drawFileId() }, room),
    () => store.topicFilters.add(topicSession, [{ filter: 'a/b', options: '1' }], topicRoom),
    () => accounts.offerKeys(amy, { publicKey: 'q', wrappedKey: 'w' }),
    () => accounts.revoke(amy),
    () => accounts.register({ userId: amy, name: `Name${amy}`, verifier: 'v' }),
  ];
}

/**
 * Deletes amy in the middle of it, through another route than those that work. `dies`: what finishes
 * the deletion dies at some time, and is not waited for. Resolves when all the work is over.
 */
export async function raceDeletion(
  race: DeletionRace,
  {
    seed,
    store,
    deleter,
    dies,
  }: {
    readonly seed: number;
    readonly store: Store;
    readonly deleter: Store;
    readonly dies?: (random: SeededRandom) => Promise<void>;
  },
): Promise<void> {
  const random = new SeededRandom(seed, 'deletion');
  const remove = async () => {
    await deleter.deletions.begin(race.amy);
    const finished = deleter.deletions.finish(race.amy);
    if (dies) await Promise.all([dies(random), finished.catch(ignore('it dies'))]);
    else await finished;
  };
  const works = Array.from({ length: 4 }, () => worksOf(race, store)).flat();
  const all = random.shuffle([...works, remove]);
  const waitsAt = random.integer(0, all.length);
  const running: Promise<unknown>[] = [];
  for (const [place, work] of all.entries()) {
    running.push(work());
    // Some of it is over when the rest begins.
    if (place === waitsAt) await Promise.all(running);
  }
  await Promise.all(running);
}

export function newRace(): DeletionRace {
  return { amy: nextUserId(), bob: nextUserId(), groups: [nextGroup(), nextGroup()] };
}
