/** POST /createGroup, /joinGroup, /leaveGroup, /groups, /groupMembers: named groups. */

import { CimError } from '../../base/errors.ts';
import { groupHistories } from '../../base/group-history.ts';
import { limits } from '../../base/limits.ts';
import { groupNameOf } from '../../base/text/names.ts';
import { lobby } from '../../codec/commands.ts';
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { GroupStatus, RouteOperations } from '../operations.ts';
import { account, groupName, integer, pageFields, string, userId } from './fields.ts';

const status = {
  type: 'object',
  properties: {
    group: string,
    owner: { ...integer, description: 'the id of who created it, or has been in it for longest' },
    joined: { ...integer, description: "the group's newest number when the user joined" },
    cursor: { ...integer, description: 'the newest number that a device of the user has shown' },
    head: { ...integer, description: "the group's newest number" },
    history: { ...string, enum: groupHistories, description: 'what members may read' },
  },
} as const;

const membership = {
  type: 'object',
  required: ['userId', 'group'],
  properties: { userId, group: groupName },
} as const;

export function groupEndpoints(operations: RouteOperations): readonly Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/createGroup',
      keeps: 'group',
      access: { who: 'users', actor: 'userId' },
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
        },
      },
      answer: status,
      handle: async ({ userId, group, history }) =>
        statusOf(await operations.createGroup(userId, namedGroup(group), history)),
    }),

    endpoint({
      method: 'POST',
      path: '/joinGroup',
      keeps: 'group',
      access: { who: 'users', actor: 'userId' },
      summary: 'Makes a user a member of a group; being one already is no error',
      body: membership,
      answer: status,
      handle: async ({ userId, group }) =>
        statusOf(await operations.joinGroup(userId, namedGroup(group))),
    }),

    endpoint({
      method: 'POST',
      path: '/leaveGroup',
      keeps: 'group',
      access: { who: 'users', actor: 'userId' },
      summary: 'Ends a membership; the last member takes the group along',
      body: membership,
      handle: ({ userId, group }) => operations.leaveGroup(userId, namedGroup(group)),
    }),

    endpoint({
      method: 'POST',
      path: '/groupShare',
      access: { who: 'users', actor: 'userId' },
      summary: 'The owner says how much of what is kept one account may take within an hour',
      body: {
        type: 'object',
        required: ['userId', 'group'],
        properties: {
          userId,
          group: groupName,
          percent: {
            type: 'integer',
            minimum: 1,
            maximum: 100,
            description: '100: as much as it likes; absent: as --group-share says',
          },
        },
      },
      handle: ({ userId, group, percent = null }) =>
        operations.setGroupShare(userId, namedGroup(group), percent),
    }),

    endpoint({
      method: 'POST',
      path: '/groups',
      access: { who: 'users', actor: 'userId', keys: ['read'] },
      summary: 'The groups that a user is in, by name',
      body: { type: 'object', required: ['userId'], properties: { userId } },
      answer: { type: 'array', items: status },
      handle: async ({ userId }) => (await operations.groupsOf(userId)).map(statusOf),
    }),

    endpoint({
      method: 'POST',
      path: '/groupMembers',
      access: { who: 'users', actor: 'userId', keys: ['read'] },
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

function namedGroup(written: string): string {
  const name = groupNameOf(written);
  if (name === lobby) {
    throw new CimError('invalid-argument', `group: everybody online is in the ${lobby}`);
  }
  return name;
}

function statusOf({ group, owner, joined, cursor, head, history }: GroupStatus) {
  return { group, owner, joined, cursor, head, history };
}
