/**
 * What a caller with X-Cim-Version gets beyond the Java system's answers, and the endpoints that
 * the Java system does not have.
 */
import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import type { GroupChange } from '../../../src/store/groups.ts';
import { serverAddress } from '../../support/role-addresses.ts';
import { cim, failure, operator, RouteCaller, success } from './route-caller.ts';

const zhangsan = 1547028929407;
const lisi = 1547028929408;
const mismatch = failure(200, '9100', 'userId: there is no such account');

describe('the Java endpoints', () => {
  test('/registerAccount takes an id', async () => {
    const route = new RouteCaller();
    const answer = await route.post('/registerAccount', { userName: 'amy', userId: '5' }, cim);
    expect(answer).toEqual(success({ userId: 5, userName: 'amy' }));
    expect(route.operations.calls).toEqual([['register', { name: 'amy', userId: 5 }]]);
  });

  test('/login takes servers to avoid', async () => {
    const route = new RouteCaller();
    const login = { userId: zhangsan, userName: 'zhangsan' };
    const avoid = ['10.0.0.2:9000'];
    const server = success({
      endpoints: [
        { kind: 'tcp', host: '10.0.0.1', port: 11211, tls: true },
        { kind: 'ws', host: '10.0.0.1', port: 8082, tls: true },
      ],
      webSocket: 'wss://10.0.0.1:8082/ws',
      ...{ token: 'a.b.c', tokenSeconds: 60, encryption: false },
    });
    expect(await route.post('/login', { ...login, avoid }, cim)).toEqual(server);
    expect(await route.post('/login', login, cim)).toEqual(server);
    expect(route.operations.calls).toEqual([
      ['login', { ...login, java: false, avoid }],
      ['login', { ...login, java: false, avoid: [] }],
    ]);
  });

  test('/p2pRoute: stored is a success, online or not', async () => {
    const route = new RouteCaller();
    const body = { userId: lisi, receiveUserId: zhangsan, msg: 'hello' };
    expect(await route.post('/p2pRoute', body, cim)).toEqual(success({ online: true }));
    route.operations.online = [];
    expect(await route.post('/p2pRoute', body, cim)).toEqual(success({ online: false }));
  });

  test('/p2pRoute: an unknown receiver has a code of its own, for Java callers too', async () => {
    const route = new RouteCaller();
    const unknown = failure(200, '7300', 'The receiver has no account');
    const body = { userId: zhangsan, receiveUserId: 5, msg: 'hello' };
    expect(await route.post('/p2pRoute', body, cim)).toEqual(unknown);
    expect(await route.post('/p2pRoute', body)).toEqual(unknown);
  });

  test('an empty text is refused, and sent as it is for Java callers', async () => {
    const route = new RouteCaller();
    const ids = { userId: zhangsan, receiveUserId: lisi };
    const empty = failure(400, '3000', 'msg: must not be empty');
    expect(await route.post('/p2pRoute', { ...ids, msg: '' }, cim)).toEqual(empty);
    expect(await route.post('/p2pRoute', { ...ids, batchMsg: ['a', ''] }, cim)).toEqual(empty);
    expect(await route.post('/groupRoute', { userId: zhangsan, msg: '' }, cim)).toEqual(empty);
    expect(route.operations.calls).toEqual([]);
    const custom = { customType: 'poll', customData: '' };
    await route.post('/p2pRoute', { ...ids, msg: '', ...custom }, cim);
    await route.post('/p2pRoute', { ...ids, msg: '' });
    expect(route.operations.calls).toHaveLength(2);
    const later = { id: 'a'.repeat(32), from: zhangsan, to: lisi, delaySeconds: 1, text: '' };
    expect(await route.post('/delay', later, cim)).toEqual(
      failure(400, '3000', 'text: must not be empty'),
    );
  });

  test('an unknown sender is told', async () => {
    const route = new RouteCaller();
    const body = { userId: 5, receiveUserId: lisi, msg: 'hello' };
    expect(await route.post('/p2pRoute', body, cim)).toEqual(mismatch);
    expect(await route.post('/groupRoute', body, cim)).toEqual(mismatch);
  });

  test('/groupRoute tells the id, but not to Java callers', async () => {
    const body = { userId: zhangsan, msg: 'hi' };
    expect(await new RouteCaller().post('/groupRoute', body, cim)).toEqual(success({ id: 'a:1' }));
    expect(await new RouteCaller().post('/groupRoute', body)).toEqual(success());
  });
});

test('the header Idempotency-Key reaches what sends, of Java callers too', async () => {
  const route = new RouteCaller();
  const body = { userId: zhangsan, receiveUserId: lisi, msg: 'hi' };
  for (const headers of [cim, {}]) {
    await route.post('/p2pRoute', body, { ...headers, 'idempotency-key': 'k' });
    await route.post('/groupRoute', body, { ...headers, 'idempotency-key': 'k' });
  }
  const sent = [
    ['sendPrivate', { from: zhangsan, to: lisi, texts: ['hi'], key: 'k' }],
    ['sendGroup', { from: zhangsan, group: 'lobby', text: 'hi', key: 'k' }],
  ];
  expect(route.operations.calls).toEqual([...sent, ...sent]);
});

test('transient is for callers with the header only', async () => {
  const route = new RouteCaller();
  const body = { userId: zhangsan, receiveUserId: lisi, msg: 'hi', transient: true };
  expect(await route.post('/p2pRoute', body, cim)).toEqual(success({ online: false }));
  await route.post('/groupRoute', body, cim);
  await route.post('/groupRoute', body);
  const toGroup = { from: zhangsan, group: 'lobby', text: 'hi' };
  expect(route.operations.calls).toEqual([
    ['sendPrivate', { from: zhangsan, to: lisi, texts: ['hi'], transient: true }],
    ['sendGroup', { ...toGroup, transient: true }],
    ['sendGroup', toGroup],
  ]);
});

test('what a message is beside its text is for callers with the header only', async () => {
  const route = new RouteCaller();
  const [to, id] = [{ userId: zhangsan, receiveUserId: lisi }, '1.0202020202020202.2.1'];
  const rich = {
    replyTo: id,
    mentions: [lisi],
    customType: 'poll',
    customData: '_wA',
    silent: true,
  };
  await route.post('/p2pRoute', { ...to, msg: 'hi', ...rich }, cim);
  await route.post('/p2pRoute', { ...to, msg: 'hi', ...rich });
  await route.post('/groupRoute', { userId: zhangsan, retract: id }, cim);
  await route.post('/p2pRoute', { ...to, react: id, emoji: ['👍'] }, cim);
  for (const wrong of [{ msg: 'hi', customType: 'poll', customData: '?' }, { edit: id }])
    expect(await route.post('/p2pRoute', { ...to, ...wrong }, cim)).toEqual([
      400,
      expect.stringContaining('3000'),
    ]);
  const custom = { type: 'poll', data: Uint8Array.of(255, 0) };
  const content = { replyTo: id, mentions: [lisi], silent: true, custom };
  const toLisi = { from: zhangsan, to: lisi };
  expect(route.operations.calls).toEqual([
    ['sendPrivate', { ...toLisi, texts: ['hi'], content }],
    ['sendPrivate', { ...toLisi, texts: ['hi'] }],
    ['sendGroup', { from: zhangsan, group: 'lobby', content: { retract: id } }],
    ['sendPrivate', { ...toLisi, texts: [], content: { react: id, emoji: ['👍'] } }],
  ]);
});

describe('/history', () => {
  test('passes on what narrows the search, and answers messages', async () => {
    const route = new RouteCaller();
    const query = { userId: zhangsan, peer: lisi, keyword: 'o', before: 'newer', limit: 2 };
    expect(await route.post('/history', query, cim)).toEqual(
      success({
        messages: [
          {
            id: 'a:1',
            from: zhangsan,
            fromName: 'zhangsan',
            to: lisi,
            text: 'one',
            seq: 1,
            at: 1_000,
          },
          {
            id: 'a:2',
            from: zhangsan,
            fromName: 'zhangsan',
            group: 'lobby',
            text: 'two',
            seq: 2,
            at: 2_000,
          },
        ],
        next: 'older',
        expired: false,
      }),
    );
    expect(route.operations.calls).toEqual([['history', query]]);
  });

  test('20 without a limit', async () => {
    const route = new RouteCaller();
    await route.post('/history', { userId: 1, group: 'lobby' });
    expect(route.operations.calls).toEqual([['history', { userId: 1, group: 'lobby', limit: 20 }]]);
  });
});

describe('named groups', () => {
  const cooks = {
    group: 'cooks',
    title: 'Cooks',
    owner: zhangsan,
    admins: [3, 4],
    entry: 'invite',
    history: 'joined',
    sharePercent: null,
    version: 6,
    joined: 2,
    cursor: 4,
    head: 5,
    e2ee: false,
    keyEpoch: 0,
  };

  test.each([
    ['/createGroup', 'createGroup'],
    ['/joinGroup', 'joinGroup'],
    ['/groupInfo', 'groupOf'],
  ])('%s answers the place of the user', async (path, operation) => {
    const route = new RouteCaller();
    const answer = await route.post(path, { userId: lisi, group: 'Cooks' }, cim);
    expect(answer).toEqual(success(cooks));
    expect(route.operations.calls).toEqual([[operation, { userId: lisi, group: 'cooks' }]]);
  });

  test.each<[string, object, GroupChange]>([
    ['/setGroup', {}, { kind: 'set' }],
    [
      '/setGroup',
      { title: 'The cooks', entry: 'closed', sharePercent: 5 },
      { kind: 'set', title: 'The cooks', entry: 'closed', sharePercent: 5 },
    ],
    ['/setGroup', { title: '', sharePercent: 0 }, { kind: 'set', title: '', sharePercent: null }],
    ['/setGroupAdmin', { peer: 3, admin: true }, { kind: 'admin', userId: 3 }],
    ['/setGroupAdmin', { peer: 3, admin: false }, { kind: 'unadmin', userId: 3 }],
    ['/handOverGroup', { peer: 3 }, { kind: 'hand-over', userId: 3 }],
    ['/inviteToGroup', { peer: 3 }, { kind: 'invite', userId: 3 }],
    ['/removeMember', { peer: 3 }, { kind: 'remove', userId: 3 }],
  ])('%s %j', async (path, fields, change) => {
    const route = new RouteCaller();
    const answer = await route.post(path, { userId: lisi, group: 'Cooks', ...fields }, cim);
    expect(answer).toEqual(success());
    expect(route.operations.calls).toEqual([['changeGroup', [lisi, 'cooks', change]]]);
  });

  test('/leaveGroup', async () => {
    const route = new RouteCaller();
    const answer = await route.post('/leaveGroup', { userId: lisi, group: 'Cooks' }, cim);
    expect(answer).toEqual(success());
    expect(route.operations.calls).toEqual([['leaveGroup', { userId: lisi, group: 'cooks' }]]);
  });

  test('/groups', async () => {
    expect(await new RouteCaller().post('/groups', { userId: lisi }, cim)).toEqual(
      success([cooks]),
    );
  });

  test('/groupMembers, from the first if nothing else is asked', async () => {
    const route = new RouteCaller();
    const members = success([
      { userId: zhangsan, userName: 'zhangsan' },
      { userId: lisi, userName: 'lisi' },
    ]);
    const asked = { userId: lisi, group: 'cooks' };
    expect(await route.post('/groupMembers', { ...asked, after: 7, limit: 2 }, cim)).toEqual(
      members,
    );
    expect(await route.post('/groupMembers', asked, cim)).toEqual(members);
    expect(route.operations.calls).toEqual([
      ['groupMembers', { ...asked, after: 7, limit: 2 }],
      ['groupMembers', { ...asked, after: 0, limit: limits.membersPageMax }],
    ]);
  });

  test('/groupRoute takes one; the lobby without', async () => {
    const route = new RouteCaller();
    const message = { userId: lisi, msg: 'hi' };
    await route.post('/groupRoute', { ...message, group: 'Cooks' }, cim);
    await route.post('/groupRoute', message, cim);
    expect(route.operations.calls).toEqual([
      ['sendGroup', { from: lisi, group: 'cooks', text: 'hi' }],
      ['sendGroup', { from: lisi, group: 'lobby', text: 'hi' }],
    ]);
  });

  test('the name is the same however it is written, for /delay and /history too', async () => {
    const route = new RouteCaller();
    const schedule = { id: 's', from: lisi, text: 'later', delaySeconds: 1 };
    await route.post('/delay', { ...schedule, group: 'Cooks' }, cim);
    await route.post('/history', { userId: lisi, group: 'Cooks', limit: 1 }, cim);
    expect(route.operations.calls).toEqual([
      ['schedule', { ...schedule, group: 'cooks' }],
      ['history', { userId: lisi, group: 'cooks', limit: 1 }],
    ]);
  });
});

describe('/delay', () => {
  const common = { id: 's1', from: zhangsan, text: 'later', delaySeconds: 60 };

  test.each([{ to: lisi }, { group: 'lobby' }])('to %j', async (receiver) => {
    const route = new RouteCaller();
    expect(await route.post('/delay', { ...common, ...receiver }, cim)).toEqual(success());
    expect(route.operations.calls).toEqual([['schedule', { ...common, ...receiver }]]);
  });

  test.each([{}, { to: lisi, group: 'lobby' }])('not to %j', async (receiver) => {
    const answer = await new RouteCaller().post('/delay', { ...common, ...receiver }, cim);
    expect(answer).toEqual(failure(400, '3000', 'to: must be given, or group, and not both'));
  });
});

test('/delayed answers what waits', async () => {
  const route = new RouteCaller();
  const messages = [{ id: 's', to: lisi, text: 'later', dueAt: 3_000 }];
  const page = success({ messages, next: '3000.s' });
  expect(await route.post('/delayed', { userId: zhangsan }, cim)).toEqual(page);
  expect(await route.post('/delayed', { userId: zhangsan, after: '2.a' }, cim)).toEqual(page);
  expect(route.operations.calls).toEqual([
    ['delayed', { userId: zhangsan }],
    ['delayed', { userId: zhangsan, after: '2.a' }],
  ]);
});

test('/cancelDelayed takes one back', async () => {
  const route = new RouteCaller();
  const asked = { userId: zhangsan, id: 's' };
  expect(await route.post('/cancelDelayed', asked, cim)).toEqual(success());
  expect(route.operations.calls).toEqual([['cancelDelayed', asked]]);
});

describe('for operators', () => {
  test('/servers', async () => {
    const route = new RouteCaller();
    expect(await route.post('/servers', { after: 'aa', limit: 2 }, operator)).toEqual(
      success([
        {
          instance: 'ab',
          endpoints: serverAddress('fd00::1', 9000, 8081),
          version: '0.1.0',
          connections: 3,
          choosable: true,
        },
      ]),
    );
  });

  test('/kick', async () => {
    const route = new RouteCaller();
    expect(await route.post('/kick', { userId: lisi }, operator)).toEqual(success({ ended: 2 }));
    expect(route.operations.calls).toEqual([['kick', lisi]]);
  });

  test('/deleteAccount: an operator proves nothing, a user with the secret', async () => {
    const route = new RouteCaller();
    const answer = success({ ended: 2 });
    expect(await route.post('/deleteAccount', { userId: lisi }, operator)).toEqual(answer);
    expect(route.operations.calls).toEqual([['deleteAccount', [lisi, undefined]]]);
  });

  test('/newStoreId', async () => {
    const route = new RouteCaller();
    const storeId = '5709e1d000000002';
    expect(await route.post('/newStoreId', {}, operator)).toEqual(success({ storeId }));
  });

  test('/backup', async () => {
    const file = '/data/backup.sqlite';
    expect(await new RouteCaller().post('/backup', {}, operator)).toEqual(success({ file }));
  });

  test('/drain', async () => {
    const route = new RouteCaller();
    expect(await route.post('/drain', { server: '10.0.0.1:9000' }, operator)).toEqual(success());
    expect(route.operations.calls).toEqual([['drain', '10.0.0.1:9000']]);
  });

  test('/importAccounts, whose lists belong together', async () => {
    const route = new RouteCaller();
    const body = { userIds: [7, 8], userNames: ['amy', 'bob'] };
    const created = { status: 'created', reason: '' };
    expect(await route.post('/importAccounts', body, operator)).toEqual(
      success([created, created]),
    );
    expect(route.operations.calls).toEqual([
      [
        'importAccounts',
        [
          { userId: 7, name: 'amy' },
          { userId: 8, name: 'bob' },
        ],
      ],
    ]);
    expect(await route.post('/importAccounts', { ...body, userNames: ['amy'] }, operator)).toEqual(
      failure(400, '3000', 'userNames: must have as many elements as userIds'),
    );
  });

  test('/counters', async () => {
    const route = new RouteCaller();
    route.counters.add('things', 'what there was').value = 3;
    expect(await route.get('/counters', operator)).toEqual(
      success([{ name: 'things', value: 3, description: 'what there was' }]),
    );
  });

  test('and for nobody else', async () => {
    const route = new RouteCaller();
    const refused = failure(
      401,
      '9301',
      'this needs the header Authorization: Bearer <cluster secret>',
    );
    const unknown = failure(
      401,
      '9301',
      'the header Authorization holds nothing that is known here: it must be Bearer and a token, a key or the cluster secret',
    );
    expect(await route.post('/servers', {}, cim)).toEqual(refused);
    expect(await route.get('/counters', cim)).toEqual(refused);
    const other = { authorization: 'Bearer other' };
    expect(await route.post('/kick', { userId: lisi }, other)).toEqual(unknown);
    expect(await route.post('/drain', { server: 'ab' }, other)).toEqual(unknown);
    expect(route.operations.calls).toEqual([]);
  });
});

test('/openapi.json has every endpoint', async () => {
  const [, text] = await new RouteCaller().get('/openapi.json');
  const { paths } = JSON.parse(text);
  const endpoints = Object.entries<object>(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  expect(endpoints.filter((each) => !each.startsWith('head '))).toEqual([
    ...['get /healthz', 'get /readyz', 'post /challenge'],
    ...['post /registerAccount', 'post /login', 'post /offLine', 'get /onlineUser'],
    ...['get /salt', 'post /onlineUsers', 'post /rotateSecret', 'get /me'],
    ...['post /p2pRoute', 'post /groupRoute', 'post /fetchOfflineMsgs'],
    ...['post /createGroup', 'post /joinGroup', 'post /leaveGroup'],
    ...['post /setGroup', 'post /setGroupAdmin', 'post /handOverGroup', 'post /inviteToGroup'],
    ...['post /removeMember', 'post /groupInfo', 'post /groups', 'post /invitations'],
    'post /groupMembers',
    ...['post /groupKeys', 'post /drawGroupKey', 'post /giveGroupKey'],
    ...['post /forgetGroupKeys', 'post /groupChanges'],
    ...['post /block', 'post /unblock', 'post /blocked', 'post /presence', 'post /lastSeen'],
    ...[
      'post /conversations',
      'post /setConversation',
      'post /marks',
      'post /ownTrace',
      'post /markRead',
    ],
    ...[
      'post /history',
      'post /delay',
      'post /delayed',
      'post /cancelDelayed',
      ...['post /publishKey', 'post /ownKey', 'post /keys'],
      'post /deleteAccount',
      ...['post /files', 'post /finishFile', 'post /cancelFile', 'post /fileUsage'],
      'post /servers',
      ...['post /kick', 'post /blockAccount', 'post /unblockAccount'],
      'post /resetSecret',
      'post /newStoreId',
      'post /backup',
      'post /drain',
      ...['post /importAccounts', 'post /importMessages'],
      ...['post /createApiKey', 'get /apiKeys', 'post /revokeApiKey'],
      ...['post /createDeviceKey', 'post /deviceKeys', 'post /revokeDeviceKey'],
      ...['post /publish', 'post /retained'],
      ...['get /cluster', 'get /clusterVitals'],
      ...['post /trace', 'post /outlook', 'post /pushes'],
      ...['get /counters', 'get /metrics', 'get /status', 'get /vitals'],
      ...['put /files/{id}/{number}', 'get /files/{id}'],
    ],
  ]);
  const { properties } = paths['/delay'].post.requestBody.content['application/json'].schema;
  expect(properties.delaySeconds.maximum).toBe(limits.delaySecondsMax);
  for (const path of ['/p2pRoute', '/groupRoute']) {
    expect(paths[path].post.parameters).toMatchObject([{ in: 'header', name: 'idempotency-key' }]);
  }
});
