/**
 * POST /createGroup, /joinGroup, /leaveGroup, /setGroup, /setGroupAdmin, /handOverGroup,
 * /inviteToGroup, /removeMember, /groupInfo, /groups, /invitations, /groupMembers: named groups.
 */

import { CimError } from '../../base/errors.ts';
import { groupEntries } from '../../base/group-entry.ts';
import { groupHistories } from '../../base/group-history.ts';
import { limits } from '../../base/limits.ts';
import { groupNameOf } from '../../base/text/names.ts';
import { writtenMax } from '../../base/text/normal-form.ts';
import { lobby } from '../../codec/commands.ts';
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { GroupStatus } from '../operation-shapes.ts';
import type { RouteOperations } from '../operations.ts';
import { account, boolean, groupName, integer, pageFields, string, userId } from './fields.ts';

const status = {
  type: 'object',
  properties: {
    group: string,
    title: string,
    owner: { ...integer, description: 'the id of who created it, or was given it since' },
    admins: { type: 'array', items: integer, description: 'ids, without the owner' },
    entry: { ...string, enum: groupEntries, description: 'who may join' },
    sharePercent: {
      ...integer,
      description:
        'how much of what is kept one account may take within an hour; null: as --group-share says',
    },
    version: { ...integer, description: 'grows when any of these changes' },
    joined: { ...integer, description: "the group's newest number when the user joined" },
    cursor: { ...integer, description: 'the newest number that a device of the user has shown' },
    head: { ...integer, description: "the group's newest number" },
    history: { ...string, enum: groupHistories, description: 'what members may read' },
    e2ee: { ...boolean, description: 'whether only its members can read what is said there' },
    keyEpoch: { ...integer, description: 'of its key; grows with who is a member; 0 without e2ee' },
  },
} as const;

const membership = {
  type: 'object',
  required: ['userId', 'group'],
  properties: { userId, group: groupName },
} as const;

const aboutMember = {
  ...membership,
  required: [...membership.required, 'peer'],
  properties: { ...membership.properties, peer: { ...userId, description: 'whom it is about' } },
} as const;

const access = { who: 'users', actor: 'userId', keys: ['groups'] } as const;

export function groupEndpoints(operations: RouteOperations): readonly Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/createGroup',
      keeps: 'group',
      access,
      summary: 'Makes a group, with its owner as first member; again: joins it',
      body: {
        ...membership,
        properties: {
          ...membership.properties,
          history: {
            type: 'string',
            enum: groupHistories,
            description:
              'what members may read: what was said since they joined (if absent), or all; of a group that exists it stays as it is',
          },
          e2ee: {
            type: 'boolean',
            description:
              'true: it is encrypted from end to end, for good; its owner needs a key pair',
          },
        },
      },
      answer: status,
      handle: async ({ userId, group, ...made }) =>
        statusOf(await operations.createGroup(userId, namedGroup(group), made)),
    }),

    endpoint({
      method: 'POST',
      path: '/joinGroup',
      keeps: 'group',
      access,
      summary: 'Makes a user a member of a group; being one already is no error',
      body: {
        ...membership,
        properties: {
          ...membership.properties,
          e2ee: {
            type: 'boolean',
            description:
              'true: the client can read encrypted groups; such a one is not joined without',
          },
        },
      },
      answer: status,
      handle: async ({ userId, group, e2ee }) =>
        statusOf(await operations.joinGroup(userId, namedGroup(group), e2ee)),
    }),

    endpoint({
      method: 'POST',
      path: '/leaveGroup',
      keeps: 'group',
      access,
      summary: 'Ends a membership; the last member takes the group along',
      body: membership,
      handle: ({ userId, group }) => operations.leaveGroup(userId, namedGroup(group)),
    }),

    endpoint({
      method: 'POST',
      path: '/setGroup',
      keeps: 'group',
      access,
      summary: 'The owner, or of the title an admin, says what a group is; what is absent stays',
      body: {
        ...membership,
        properties: {
          ...membership.properties,
          title: {
            type: 'string',
            maxLength: writtenMax(limits.groupTitleCharactersMax),
            description: `at most ${limits.groupTitleCharactersMax} characters; empty: the group's name`,
          },
          entry: {
            type: 'string',
            enum: groupEntries,
            description: 'who may join: anybody, who was invited, nobody; who was removed never',
          },
          sharePercent: {
            type: 'integer',
            minimum: 0,
            maximum: 100,
            description:
              'how much of what is kept one account may take within an hour; 100: as much as it likes, 0: as --group-share says',
          },
        },
      },
      handle: ({ userId, group, title, entry, sharePercent }) =>
        operations.changeGroup(userId, namedGroup(group), {
          kind: 'set',
          ...(title !== undefined && { title }),
          ...(entry !== undefined && { entry }),
          ...(sharePercent !== undefined && {
            sharePercent: sharePercent === 0 ? null : sharePercent,
          }),
        }),
    }),

    endpoint({
      method: 'POST',
      path: '/setGroupAdmin',
      keeps: 'group',
      access,
      summary: 'The owner makes a member an admin, or no admin any more',
      body: {
        ...aboutMember,
        required: [...aboutMember.required, 'admin'],
        properties: { ...aboutMember.properties, admin: { type: 'boolean' } },
      },
      handle: ({ userId, group, peer, admin }) =>
        operations.changeGroup(userId, namedGroup(group), {
          kind: admin ? 'admin' : 'unadmin',
          userId: peer,
        }),
    }),

    endpoint({
      method: 'POST',
      path: '/handOverGroup',
      keeps: 'group',
      access,
      summary: 'The owner makes another member the owner, and is a plain member then',
      body: aboutMember,
      handle: ({ userId, group, peer }) =>
        operations.changeGroup(userId, namedGroup(group), { kind: 'hand-over', userId: peer }),
    }),

    endpoint({
      method: 'POST',
      path: '/inviteToGroup',
      keeps: 'group',
      access,
      summary: 'The owner or an admin lets a user join, also one who was removed',
      body: aboutMember,
      handle: ({ userId, group, peer }) =>
        operations.changeGroup(userId, namedGroup(group), { kind: 'invite', userId: peer }),
    }),

    endpoint({
      method: 'POST',
      path: '/removeMember',
      keeps: 'group',
      access,
      summary:
        'The owner or an admin takes a user out of a group; they join again by invitation only',
      body: aboutMember,
      handle: ({ userId, group, peer }) =>
        operations.changeGroup(userId, namedGroup(group), { kind: 'remove', userId: peer }),
    }),

    endpoint({
      method: 'POST',
      path: '/groupInfo',
      access: { ...access, keys: ['groups', 'read'] },
      summary: 'What a group is; for members',
      body: membership,
      answer: status,
      handle: async ({ userId, group }) =>
        statusOf(await operations.groupOf(userId, namedGroup(group))),
    }),

    endpoint({
      method: 'POST',
      path: '/groups',
      access: { ...access, keys: ['groups', 'read'] },
      summary: 'The groups that a user is in, by name',
      body: { type: 'object', required: ['userId'], properties: { userId } },
      answer: { type: 'array', items: status },
      handle: async ({ userId }) => (await operations.groupsOf(userId)).map(statusOf),
    }),

    endpoint({
      method: 'POST',
      path: '/invitations',
      access: { ...access, keys: ['groups', 'read'] },
      summary: 'The groups that a user is invited to and has not joined, the newest first',
      body: { type: 'object', required: ['userId'], properties: { userId } },
      answer: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            group: string,
            by: { ...integer, description: 'who has invited the user' },
          },
        },
      },
      handle: ({ userId }) => operations.invitations(userId),
    }),

    endpoint({
      method: 'POST',
      path: '/groupMembers',
      access: { ...access, keys: ['groups', 'read'] },
      summary: 'The members of a group by id, a page of them; for members',
      body: {
        type: 'object',
        required: ['userId', 'group'],
        properties: {
          userId,
          group: groupName,
          ...pageFields(limits.membersPageMax),
        },
      },
      answer: { type: 'array', items: account },
      handle: async ({ userId, group, after = 0, limit = limits.membersPageMax }) => {
        const query = { userId, group: namedGroup(group), after, limit };
        const members = await operations.groupMembers(query);
        return members.map(({ userId, name }) => ({ userId, userName: name }));
      },
    }),
  ];
}

/** Of any group but the lobby. */
export function namedGroup(written: string): string {
  const name = groupNameOf(written);
  if (name === lobby) {
    throw new CimError('invalid-argument', `group: everybody online is in the ${lobby}`);
  }
  return name;
}

function statusOf(status: GroupStatus) {
  const { group, title, owner, admins, entry, history, sharePercent, version } = status;
  const { joined, cursor, head, keyEpoch } = status;
  const known = { group, title, owner, admins, entry, history, sharePercent, version };
  return { ...known, joined, cursor, head, e2ee: keyEpoch > 0, keyEpoch };
}
