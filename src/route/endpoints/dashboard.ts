/**
 * POST /people, /person, /group, /deleteGroup: what the dashboard shows, for operators. What
 * those with an account may call is below /admin as well.
 */
import { limits } from '../../base/limits.ts';
import { groupNameOf } from '../../base/text/names.ts';
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { RouteAdmin } from '../admin/admin.ts';
import { groupName, integer, string, userId } from './fields.ts';

const mayLook = { who: 'operators', accounts: 'view' } as const;
const mayAct = { who: 'operators', accounts: 'manage' } as const;

const account = { type: 'object', properties: { userId: integer, name: string } } as const;

export function dashboardEndpoints({ people }: RouteAdmin): readonly Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/people',
      summary: 'Accounts by number or name, and people who are online by a part of it',
      access: mayLook,
      body: {
        type: 'object',
        required: ['find'],
        properties: { find: { type: 'string', maxLength: limits.peopleSearchCharactersMax } },
      },
      answer: { type: 'array', items: account },
      handle: ({ find }) => people.find(find),
    }),

    endpoint({
      method: 'POST',
      path: '/person',
      summary: 'One account: its connections by device, groups, messages for later',
      access: mayLook,
      body: { type: 'object', required: ['userId'], properties: { userId } },
      answer: { type: 'object' },
      handle: ({ userId }) => people.person(userId),
    }),

    endpoint({
      method: 'POST',
      path: '/group',
      summary: 'One group, and the first of its members',
      access: mayLook,
      body: { type: 'object', required: ['group'], properties: { group: groupName } },
      answer: { type: 'object' },
      handle: ({ group }) => people.group(groupNameOf(group)),
    }),

    endpoint({
      method: 'POST',
      path: '/deleteGroup',
      summary: 'Has everybody leave a group, which ends it and its messages',
      access: mayAct,
      audited: ({ group }) => group,
      body: { type: 'object', required: ['group'], properties: { group: groupName } },
      answer: { type: 'object', properties: { left: integer } },
      handle: async ({ group }) => ({ left: await people.deleteGroup(groupNameOf(group)) }),
    }),
  ];
}

/** Those that accounts may call, as a browser calls them: it sends what it keeps to /admin alone. */
export function forAccounts(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  return endpoints
    .filter(({ access }) => access.who === 'operators' && access.accounts !== undefined)
    .map((each) => ({ ...each, path: `/admin${each.path}` }));
}
