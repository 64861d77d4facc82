/** The Lua scripts (scripts/*.lua, each with its contract at its head), under the SHA-1 by which Redis knows them. */
import { createHash } from 'node:crypto';
import acknowledge from './scripts/acknowledge.lua';
import acknowledgeGroup from './scripts/acknowledge-group.lua';
import addApiKey from './scripts/add-api-key.lua';
import append from './scripts/append.lua';
import cancelSchedule from './scripts/cancel-schedule.lua';
import changeInterest from './scripts/change-interest.lua';
import claimName from './scripts/claim-name.lua';
import claimRequest from './scripts/claim-request.lua';
import clock from './scripts/clock.lua';
import closeSession from './scripts/close-session.lua';
import createAccount from './scripts/create-account.lua';
import createSchedule from './scripts/create-schedule.lua';
import drawUserId from './scripts/draw-user-id.lua';
import findDue from './scripts/find-due.lua';
import findMissingRights from './scripts/find-missing-rights.lua';
import findPlace from './scripts/find-place.lua';
import finishSchedule from './scripts/finish-schedule.lua';
import joinGroup from './scripts/join-group.lua';
import leaseDue from './scripts/lease-due.lua';
import leaveGroup from './scripts/leave-group.lua';
import listGroup from './scripts/list-group.lua';
import listSchedules from './scripts/list-schedules.lua';
import offerKeys from './scripts/offer-keys.lua';
import openSession from './scripts/open-session.lua';
import read from './scripts/read.lua';
import readAccounts from './scripts/read-accounts.lua';
import releaseName from './scripts/release-name.lua';
import replaceSecret from './scripts/replace-secret.lua';
import revokeAccount from './scripts/revoke-account.lua';
import unlistGroup from './scripts/unlist-group.lua';

export interface Script {
  readonly text: string;
  readonly sha: string;
}

function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

export const scripts = {
  acknowledge: script(acknowledge),
  acknowledgeGroup: script(acknowledgeGroup),
  addApiKey: script(addApiKey),
  append: script(append),
  cancelSchedule: script(cancelSchedule),
  changeInterest: script(changeInterest),
  claimName: script(claimName),
  claimRequest: script(claimRequest),
  clock: script(clock),
  closeSession: script(closeSession),
  createAccount: script(createAccount),
  createSchedule: script(createSchedule),
  drawUserId: script(drawUserId),
  findDue: script(findDue),
  findMissingRights: script(findMissingRights),
  findPlace: script(findPlace),
  finishSchedule: script(finishSchedule),
  joinGroup: script(joinGroup),
  leaseDue: script(leaseDue),
  leaveGroup: script(leaveGroup),
  listGroup: script(listGroup),
  listSchedules: script(listSchedules),
  offerKeys: script(offerKeys),
  openSession: script(openSession),
  read: script(read),
  readAccounts: script(readAccounts),
  releaseName: script(releaseName),
  replaceSecret: script(replaceSecret),
  revokeAccount: script(revokeAccount),
  unlistGroup: script(unlistGroup),
} as const;

/** What they ask of Redis. */
export const scriptCommands: readonly string[] = [
  ...new Set(
    Object.values(scripts).flatMap(({ text }) =>
      Array.from(text.matchAll(/\bcall\('([A-Z]+)'/g), ([, command = '']) => command),
    ),
  ),
].toSorted();
