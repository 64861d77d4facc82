/** The Lua scripts (scripts/*.lua, each with its contract at its head), under the SHA-1 by which Redis knows them. */
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import acknowledge from './scripts/acknowledge.lua';
import acknowledgeGroup from './scripts/acknowledge-group.lua';
import addDeviceKey from './scripts/add-device-key.lua';
import addRecord from './scripts/add-record.lua';
import addTopicFilters from './scripts/add-topic-filters.lua';
import append from './scripts/append.lua';
import beginFile from './scripts/begin-file.lua';
import block from './scripts/block.lua';
import cancelFile from './scripts/cancel-file.lua';
import cancelSchedule from './scripts/cancel-schedule.lua';
import changeGroup from './scripts/change-group.lua';
import changeInterest from './scripts/change-interest.lua';
import changeOperator from './scripts/change-operator.lua';
import changeTopicShard from './scripts/change-topic-shard.lua';
import claimName from './scripts/claim-name.lua';
import claimRequest from './scripts/claim-request.lua';
import clock from './scripts/clock.lua';
import closeSession from './scripts/close-session.lua';
import countFiles from './scripts/count-files.lua';
import createAccount from './scripts/create-account.lua';
import createSchedule from './scripts/create-schedule.lua';
import deleteAccount from './scripts/delete-account.lua';
import drawGroupKey from './scripts/draw-group-key.lua';
import drawOnce from './scripts/draw-once.lua';
import drawUserId from './scripts/draw-user-id.lua';
import dropPart from './scripts/drop-part.lua';
import expireFile from './scripts/expire-file.lua';
import findDue from './scripts/find-due.lua';
import findFile from './scripts/find-file.lua';
import findInvitation from './scripts/find-invitation.lua';
import findMembership from './scripts/find-membership.lua';
import findMissingRights from './scripts/find-missing-rights.lua';
import finishFile from './scripts/finish-file.lua';
import finishSchedule from './scripts/finish-schedule.lua';
import forgetGroupKeys from './scripts/forget-group-keys.lua';
import forgetSchedules from './scripts/forget-schedules.lua';
import forgetTopicChanges from './scripts/forget-topic-changes.lua';
import giveGroupKeys from './scripts/give-group-keys.lua';
import groupConversation from './scripts/group-conversation.lua';
import groupMarks from './scripts/group-marks.lua';
import joinGroup from './scripts/join-group.lua';
import keepPart from './scripts/keep-part.lua';
import keepRetained from './scripts/keep-retained.lua';
import leaseDue from './scripts/lease-due.lua';
import leaseFiles from './scripts/lease-files.lua';
import leaveGroup from './scripts/leave-group.lua';
import listDeletions from './scripts/list-deletions.lua';
import listGroup from './scripts/list-group.lua';
import listInvitation from './scripts/list-invitation.lua';
import listSchedules from './scripts/list-schedules.lua';
import lookPresence from './scripts/look-presence.lua';
import markMember from './scripts/mark-member.lua';
import marksVersions from './scripts/marks-versions.lua';
import moveMarks from './scripts/move-marks.lua';
import noteAudit from './scripts/note-audit.lua';
import noteDeletion from './scripts/note-deletion.lua';
import offerKeys from './scripts/offer-keys.lua';
import openSession from './scripts/open-session.lua';
import pageFields from './scripts/page-fields.lua';
import admins from './scripts/parts/admins.lua';
import appendSeldom from './scripts/parts/append-seldom.lua';
import bodies from './scripts/parts/bodies.lua';
import checkRights from './scripts/parts/check-rights.lua';
import cursor from './scripts/parts/cursor.lua';
import groupKeys from './scripts/parts/group-keys.lua';
import retained from './scripts/parts/retained.lua';
import seen from './scripts/parts/seen.lua';
import takeBack from './scripts/parts/take-back.lua';
import time from './scripts/parts/time.lua';
import total from './scripts/parts/total.lua';
import unfinished from './scripts/parts/unfinished.lua';
import probe from './scripts/probe.lua';
import read from './scripts/read.lua';
import readAccounts from './scripts/read-accounts.lua';
import readAudit from './scripts/read-audit.lua';
import readBack from './scripts/read-back.lua';
import readConversation from './scripts/read-conversation.lua';
import readGroupChanges from './scripts/read-group-changes.lua';
import readGroupKeys from './scripts/read-group-keys.lua';
import readRetained from './scripts/read-retained.lua';
import readTopicChanges from './scripts/read-topic-changes.lua';
import releaseName from './scripts/release-name.lua';
import removeDeviceKey from './scripts/remove-device-key.lua';
import removeFile from './scripts/remove-file.lua';
import removeRetained from './scripts/remove-retained.lua';
import removeTopicFilters from './scripts/remove-topic-filters.lua';
import replaceSecret from './scripts/replace-secret.lua';
import revokeAccount from './scripts/revoke-account.lua';
import setFlag from './scripts/set-flag.lua';
import settleDeletion from './scripts/settle-deletion.lua';
import showLastSeen from './scripts/show-last-seen.lua';
import tellMarks from './scripts/tell-marks.lua';
import unlistGroup from './scripts/unlist-group.lua';
import withdrawInvitation from './scripts/withdraw-invitation.lua';

export interface Script {
  readonly text: string;
  readonly sha: string;
}

/** What several scripts need, or few calls of one: a line `-- include bodies.lua` stands for it. */
const parts: Readonly<Record<string, string>> = {
  'admins.lua': admins,
  'append-seldom.lua': appendSeldom,
  'bodies.lua': bodies,
  'cursor.lua': cursor,
  'group-keys.lua': groupKeys,
  'retained.lua': retained,
  'seen.lua': seen,
  'time.lua': time,
  'total.lua': total,
  'unfinished.lua': unfinished,
};

function withParts(text: string): string {
  return text.replaceAll(/^ *-- include (.+)$/gm, (_, name: string) => {
    const part = parts[name];
    if (part === undefined) throw new Error(`a script includes ${name}, which is no part`);
    return withParts(part);
  });
}

/** Commands that change something. */
const writes = /^(?:DEL|HDEL|HINCRBY|HSET|INCRBY|PEXPIRE|SET|XADD|XDEL|XTRIM|ZADD|ZREM)$/;

function commandsIn(text: string): string[] {
  return Array.from(text.matchAll(/\bcall\('([A-Z]+)'/g), ([, command = '']) => command);
}

function script(source: string): Script {
  const text = withParts(source);
  const commands = commandsIn(text);
  const isOneWrite = commands.filter((command) => writes.test(command)).length <= 1;
  if (isOneWrite) return known(text);
  return known(`local commands = '${[...new Set(commands)].join(' ')}'\n${checkRights}${text}`);
}

/** To ask for rights each time is too dear for appends: these take back what they have written. */
function appending(source: string): Script {
  return known(`${takeBack}return whole(function()\n${withParts(source)}\nend)`);
}

function known(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

export const scripts = {
  acknowledge: script(acknowledge),
  acknowledgeGroup: script(acknowledgeGroup),
  addDeviceKey: script(addDeviceKey),
  addRecord: script(addRecord),
  addTopicFilters: script(addTopicFilters),
  append: appending(append),
  beginFile: script(beginFile),
  block: script(block),
  cancelFile: script(cancelFile),
  cancelSchedule: script(cancelSchedule),
  changeGroup: script(changeGroup),
  changeInterest: script(changeInterest),
  changeOperator: script(changeOperator),
  changeTopicShard: script(changeTopicShard),
  claimName: script(claimName),
  claimRequest: script(claimRequest),
  clock: script(clock),
  closeSession: script(closeSession),
  countFiles: script(countFiles),
  createAccount: script(createAccount),
  createSchedule: script(createSchedule),
  deleteAccount: script(deleteAccount),
  drawGroupKey: script(drawGroupKey),
  drawOnce: script(drawOnce),
  drawUserId: script(drawUserId),
  dropPart: script(dropPart),
  expireFile: script(expireFile),
  findDue: script(findDue),
  findFile: script(findFile),
  findMissingRights: script(findMissingRights),
  findInvitation: script(findInvitation),
  findMembership: script(findMembership),
  finishFile: script(finishFile),
  finishSchedule: script(finishSchedule),
  forgetGroupKeys: script(forgetGroupKeys),
  forgetSchedules: script(forgetSchedules),
  forgetTopicChanges: script(forgetTopicChanges),
  giveGroupKeys: script(giveGroupKeys),
  groupConversation: script(groupConversation),
  groupMarks: script(groupMarks),
  joinGroup: script(joinGroup),
  keepPart: script(keepPart),
  keepRetained: script(keepRetained),
  leaseDue: script(leaseDue),
  leaseFiles: script(leaseFiles),
  leaveGroup: script(leaveGroup),
  listDeletions: script(listDeletions),
  listGroup: script(listGroup),
  listInvitation: script(listInvitation),
  listSchedules: script(listSchedules),
  markMember: script(markMember),
  marksVersions: script(marksVersions),
  moveMarks: script(moveMarks),
  lookPresence: script(lookPresence),
  noteAudit: script(noteAudit),
  noteDeletion: script(noteDeletion),
  offerKeys: script(offerKeys),
  openSession: script(openSession),
  pageFields: script(pageFields),
  probe: script(probe),
  read: script(read),
  readAccounts: script(readAccounts),
  readAudit: script(readAudit),
  readBack: script(readBack),
  readConversation: script(readConversation),
  readGroupChanges: script(readGroupChanges),
  readGroupKeys: script(readGroupKeys),
  readRetained: script(readRetained),
  readTopicChanges: script(readTopicChanges),
  releaseName: script(releaseName),
  removeDeviceKey: script(removeDeviceKey),
  removeFile: script(removeFile),
  removeRetained: script(removeRetained),
  removeTopicFilters: script(removeTopicFilters),
  replaceSecret: script(replaceSecret),
  revokeAccount: script(revokeAccount),
  settleDeletion: script(settleDeletion),
  showLastSeen: script(showLastSeen),
  setFlag: script(setFlag),
  tellMarks: script(tellMarks),
  unlistGroup: script(unlistGroup),
  withdrawInvitation: script(withdrawInvitation),
} as const;

/** What they ask of Redis. */
export const scriptCommands: readonly string[] = [
  ...new Set(Object.values(scripts).flatMap(({ text }) => commandsIn(text))),
].toSorted();

/** What the user of Redis must be allowed on keys of cim. */
export const rightsNeeded: readonly string[] = [...scriptCommands, 'MGET'];

/**
 * So that no call finds its script unknown: it would be sent again, and come after those that were sent behind it (leaving a group
 * before it was joined, say).
 */
export async function loadScripts(redis: Redis): Promise<void> {
  await Promise.all(Object.values(scripts).map(({ text }) => redis.script('LOAD', text)));
}
