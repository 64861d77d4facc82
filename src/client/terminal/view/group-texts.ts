/** What is said of groups to a person, in words. Pure; how it looks is render.ts's. */
import type {
  ClientEvents,
  GroupEntry,
  GroupFacts,
  GroupMembership,
  Invitation,
  LeavingReason,
} from '../../sdk/index.ts';
import type { Result } from './view.ts';

/** `(2) amy`, or `you`. */
type NameOf = (userId: number) => string;

const entryTexts = {
  open: 'anybody',
  invite: 'who is invited',
  closed: 'nobody',
} as const satisfies Record<GroupEntry, string>;

const leavingTexts = {
  left: ': left on another device',
  removed: ': its owner or an admin has removed you',
  lost: ': there is no such group in the store any more',
  unknown: '',
} as const satisfies Record<LeavingReason, string>;

export function leavingText({ group, reason }: ClientEvents['left']): string {
  return `you are not in #${group} any more${leavingTexts[reason]}`;
}

/** `#dev is now “The team” of (2) amy; admins: (3) cat; who may join: anybody`. */
export function groupText({ group, title, owner, admins, entry }: GroupFacts, nameOf: NameOf) {
  const named = admins.length === 0 ? '' : `; admins: ${admins.map(nameOf).join(', ')}`;
  return `#${group} is now “${title}” of ${nameOf(owner)}${named}; who may join: ${entryTexts[entry]}`;
}

export function invitationText({ group, by }: Invitation, nameOf: NameOf): string {
  return `${nameOf(by)} invites you to #${group}: :join ${group} enters it`;
}

export function groupRows(membership: GroupMembership, nameOf: NameOf): [string, string][] {
  const { group, title, owner, admins, entry, sharePercent, e2ee } = membership;
  return [
    ['group', `#${group}`],
    ['title', title],
    ['owner', nameOf(owner)],
    ['admins', admins.map(nameOf).join(', ') || '-'],
    ['who may join', entryTexts[entry]],
    ['members', readersOf(membership)],
    ['encrypted', e2ee ? 'yes, only its members can read it' : 'no, the cluster can read it'],
    ...(sharePercent === null ? [] : [['share', `${sharePercent} % an hour`] as [string, string]]),
  ];
}

/** `(3) joe is in #dev now`; who did it, where that is somebody else. */
export function groupNewsText(
  { group, kind, userId, by }: ClientEvents['groupNews'],
  nameOf: NameOf,
): string {
  const who = nameOf(userId);
  const verb = who === 'you' ? 'are' : 'is';
  return {
    created: `${who} made #${group}, which only its members can read`,
    joined: `${who} ${verb} in #${group} now`,
    left: `${who} ${verb} not in #${group} any more`,
    removed: `${nameOf(by)} removed ${who} from #${group}`,
    drawn: `#${group} has a new key, by ${nameOf(by)}`,
    given: `${nameOf(by)} gave ${who} the key of #${group}`,
  }[kind];
}

/** `in #dev are: you, (3) joe`: all who can read it. */
export function groupMembersText(
  { group, members, isAnother }: ClientEvents['groupMembers'],
  nameOf: NameOf,
): string {
  const another = isAnother ? ', which is another group than the one of this name before,' : '';
  return `in #${group}${another} are: ${members.map(nameOf).join(', ')}`;
}

export function readersOf({ history }: GroupMembership): string {
  return history === 'all' ? 'read all that is said in it' : 'read what is said from then on';
}

export function settingTexts({
  group,
  settings,
}: Extract<Result, { kind: 'group-set' }>): string[] {
  const { title, entry, sharePercent } = settings;
  const share =
    sharePercent === null
      ? `one member may take of #${group} what it is in other groups`
      : `one member may take ${sharePercent} % of what #${group} keeps, an hour`;
  return [
    ...(title === undefined ? [] : [`#${group} is called ${title || group} now`]),
    ...(entry === undefined ? [] : [`who may join #${group} now: ${entryTexts[entry]}`]),
    ...(sharePercent === undefined ? [] : [share]),
  ];
}

export function memberChangeText(
  { change, group, userId }: Extract<Result, { kind: 'member-changed' }>,
  nameOf: NameOf,
): string {
  const who = nameOf(userId);
  const [is, owns] = who === 'you' ? ['are', 'own'] : ['is', 'owns'];
  return {
    admin: `${who} ${is} an admin of #${group} now`,
    unadmin: `${who} ${is} no admin of #${group} any more`,
    owner: `${who} ${owns} #${group} now`,
    invite: `${who} may join #${group}, and ${is} told so`,
    remove: `${who} ${is} not in #${group}, and may join only when invited`,
  }[change];
}
