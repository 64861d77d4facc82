/** Nothing that a caller sends is answered with a 5xx, and a refusal names the field. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CimError } from '../../../src/base/errors.ts';
import { runs } from '../../support/fuzz.ts';
import { failure, operator, RouteCaller } from './route-caller.ts';

const id = 'must be a whole number from 1 to 9007199254740991';

describe('a wrong field is named', () => {
  test.each([
    ['/registerAccount', {}, 'userName: must be given'],
    ['/registerAccount', { userName: 5 }, 'userName: must be a string'],
    ['/registerAccount', { userName: '' }, 'userName: must not be blank'],
    ['/registerAccount', { userName: ' \t' }, 'userName: must not hold control characters'],
    ['/registerAccount', { userName: 'a', userId: 0 }, `userId: ${id}`],
    ['/login', { userName: 'a' }, 'userId: must be given'],
    ['/login', { userId: 1 }, 'userName: must be given'],
    ['/login', { userId: 1, userName: 'a', avoid: [1] }, 'avoid[0]: must be a string'],
    [
      '/login',
      { userId: 1, userName: 'a', avoid: Array(33).fill('x') },
      'avoid: must have at most 32 elements',
    ],
    ['/offLine', { msg: 'offLine' }, 'userId: must be given'],
    ['/offLine', { userId: 1.5 }, `userId: ${id}`],
    ['/groupRoute', { msg: 'hi' }, 'userId: must be given'],
    ['/groupRoute', { userId: 1 }, 'msg: must be given'],
    ['/groupRoute', { userId: 1, batchMsg: ['a'] }, 'msg: must be given'],
    ['/p2pRoute', { userId: 1, msg: 'hi' }, 'receiveUserId: must be given'],
    ['/p2pRoute', { receiveUserId: 1, msg: 'hi' }, 'userId: must be given'],
    ['/p2pRoute', { userId: 2 ** 53, receiveUserId: 1, msg: 'hi' }, `userId: ${id}`],
    ['/p2pRoute', { userId: -1, receiveUserId: 1, msg: 'hi' }, `userId: ${id}`],
    ['/p2pRoute', { userId: 1, receiveUserId: 2 }, 'msg: must be given, or batchMsg'],
    ['/p2pRoute', { userId: 1, receiveUserId: 2, batchMsg: [] }, 'msg: must be given, or batchMsg'],
    [
      '/p2pRoute',
      { userId: 1, receiveUserId: 2, batchMsg: Array(1_001).fill('x') },
      'batchMsg: must have at most 1000 elements',
    ],
    [
      '/p2pRoute',
      { userId: 1, receiveUserId: 2, msg: 'x', transient: 'yes' },
      'transient: must be true or false',
    ],
    ['/fetchOfflineMsgs', { userId: 1 }, 'receiveUserId: must be given'],
    ['/history', {}, 'userId: must be given'],
    ['/history', { userId: 1, keyword: '' }, 'keyword: must not be empty'],
    ['/history', { userId: 1, before: 5 }, 'before: must be a string'],
    ['/history', { userId: 1, limit: 201 }, 'limit: must be a whole number from 1 to 200'],
    ['/history', { userId: 1, peer: 2, group: 'g' }, 'peer: must not be given together with group'],
    ['/history', { userId: 1, group: 'a b' }, 'group: must not hold white space'],
    ['/createGroup', { group: 'g' }, 'userId: must be given'],
    ['/createGroup', { userId: 1 }, 'group: must be given'],
    ['/createGroup', { userId: 1, group: '#g' }, 'group: must not hold #'],
    [
      '/setGroup',
      { userId: 1, group: 'g', entry: 'shut' },
      'entry: must be one of open, invite, closed',
    ],
    [
      '/setGroup',
      { userId: 1, group: 'g', sharePercent: 101 },
      'sharePercent: must be a whole number from 0 to 100',
    ],
    ['/setGroup', { userId: 1, group: 'lobby' }, 'group: everybody online is in the lobby'],
    ['/setGroupAdmin', { userId: 1, group: 'g', peer: 2 }, 'admin: must be given'],
    ['/removeMember', { userId: 1, group: 'g' }, 'peer: must be given'],
    ['/createGroup', { userId: 1, group: 'Lobby' }, 'group: everybody online is in the lobby'],
    ['/joinGroup', { userId: 1, group: '' }, 'group: must not be blank'],
    ['/leaveGroup', { userId: 1, group: 'lobby' }, 'group: everybody online is in the lobby'],
    ['/groups', {}, 'userId: must be given'],
    ['/groupMembers', { userId: 1 }, 'group: must be given'],
    [
      '/groupMembers',
      { userId: 1, group: 'g', limit: 1001 },
      'limit: must be a whole number from 1 to 1000',
    ],
    ['/groupRoute', { userId: 1, msg: 'hi', group: 'a;;b' }, 'group: must not hold ;;'],
    ['/delay', { from: 1, to: 2, text: 'x', delaySeconds: 1 }, 'id: must be given'],
    [
      '/delay',
      { id: 's', from: 1, to: 2, text: 'x', delaySeconds: -1 },
      'delaySeconds: must be a whole number from 0 to 31622400',
    ],
    ['/delayed', {}, 'userId: must be given'],
    ['/cancelDelayed', { userId: 1 }, 'id: must be given'],
    ['/cancelDelayed', { userId: 1, id: '' }, 'id: must not be empty'],
    ['/drain', { server: 7 }, 'server: must be a string'],
    ['/kick', { userId: 'amy' }, `userId: ${id}`],
  ])('%s %j', async (path, body, message) => {
    const route = new RouteCaller();
    expect(await route.post(path, body, operator)).toEqual(failure(400, '3000', message));
    expect(route.operations.calls).toEqual([]);
  });

  test('a name that is too long', async () => {
    const answer = await new RouteCaller().post('/registerAccount', { userName: 'n'.repeat(65) });
    const message = 'userName: may have 64 characters, this one has 65';
    expect(answer).toEqual(failure(400, '3001', message));
  });
});

describe('what the operations refuse is passed on', () => {
  test.each([
    ['too-long', 400, '3001'],
    ['name-taken', 200, '5100'],
    ['busy', 503, '8100'],
    ['unavailable', 503, '9400'],
  ] as const)('%s', async (kind, status, code) => {
    const route = new RouteCaller();
    route.operations.failure = new CimError(kind, 'why');
    const body = { userId: 1, receiveUserId: 2, msg: 'x', userName: 'amy' };
    for (const path of ['/p2pRoute', '/groupRoute', '/registerAccount']) {
      expect(await route.post(path, body)).toEqual(failure(status, code, 'why'));
    }
  });

  test('a bug is a 500 that is logged, without the text', async () => {
    const route = new RouteCaller();
    route.operations.failure = new TypeError('a bug');
    const answer = await route.post('/groupRoute', { userId: 1, msg: 'a private text' });
    expect(answer).toEqual(failure(500, '4000', 'Failure'));
    expect(route.lines).toHaveLength(1);
    expect(route.lines[0]).not.toContain('a private text');
  });
});

const paths = [
  ...['/registerAccount', '/login', '/offLine', '/groupRoute', '/p2pRoute', '/fetchOfflineMsgs'],
  ...['/createGroup', '/joinGroup', '/leaveGroup', '/groups', '/groupMembers'],
  ...['/setGroup', '/setGroupAdmin', '/handOverGroup', '/inviteToGroup', '/removeMember'],
  ...['/history', '/delay', '/delayed', '/cancelDelayed', '/kick', '/drain'],
];

/** Bodies of any shape, and bodies that are nearly right. */
const anyBody = fc.oneof(
  fc.json(),
  fc.string(),
  fc
    .record(
      Object.fromEntries(
        [
          ...[
            'userId',
            'receiveUserId',
            'userName',
            'msg',
            'batchMsg',
            'avoid',
            'id',
            'from',
            'to',
          ],
          ...[
            'group',
            'text',
            'delaySeconds',
            'peer',
            'keyword',
            'before',
            'after',
            'limit',
            '__proto__',
          ],
        ].map((name) => [
          name,
          fc.oneof(
            fc.nat({ max: 5 }),
            fc.string({ unit: 'binary' }),
            fc.array(fc.string()),
            fc.jsonValue({ maxDepth: 2 }),
          ),
        ]),
      ),
      { requiredKeys: [] },
    )
    .map((body) => JSON.stringify(body)),
);

test.each(paths)('whatever is sent to %s, the answer is an envelope and no 5xx', async (path) => {
  const route = new RouteCaller();
  const headers = fc.constantFrom({ ...operator }, { authorization: operator.authorization });
  await fc.assert(
    fc.asyncProperty(anyBody, headers, async (body, given) => {
      const [status, text] = await route.post(path, body, given);
      expect([200, 400]).toContain(status);
      expect(Object.keys(JSON.parse(text))).toEqual(['code', 'message', 'reqNo', 'dataBody']);
    }),
    { numRuns: runs(200) },
  );
  expect(route.lines).toEqual([]);
});
