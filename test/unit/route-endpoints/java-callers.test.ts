/**
 * What a caller without X-Cim-Version gets, byte for byte as the Java system answers: its callers
 * parse strictly, so one key more is a failed call. The texts are those of
 * docs/reference/java-clients.md.
 */

import { describe, expect, test } from '@jest/globals';
import { CimError } from '../../../src/base/errors.ts';
import { limits } from '../../../src/base/limits.ts';
import { RouteCaller } from './route-caller.ts';

const done = '{"code":"9000","message":"Success","reqNo":null,"dataBody":null}';

describe('/registerAccount', () => {
  test('finds the account of a name', async () => {
    const route = new RouteCaller();
    const body = '{"reqNo":"1234567890","timeStamp":0,"userName":"zhangsan"}';
    expect(await route.post('/registerAccount', body)).toEqual([
      200,
      '{"code":"9000","message":"Success","reqNo":null,"dataBody":{"userId":1547028929407,"userName":"zhangsan"}}',
    ]);
  });

  test('does not take an id', async () => {
    const route = new RouteCaller();
    await route.post('/registerAccount', { userName: 'amy', userId: 5 });
    expect(route.operations.calls).toEqual([['register', { name: 'amy' }]]);
  });
});

describe('/login', () => {
  const body = '{"userName":"zhangsan","userId":1547028929407}';

  test('gives a server', async () => {
    const route = new RouteCaller();
    expect(await route.post('/login', body)).toEqual([
      200,
      '{"code":"9000","message":"Success","reqNo":null,"dataBody":{"ip":"10.0.0.1","cimServerPort":11211,"httpPort":8081}}',
    ]);
    expect(route.operations.calls).toEqual([
      ['login', { userId: 1547028929407, userName: 'zhangsan', java: true, avoid: [] }],
    ]);
  });

  test('cannot name servers to avoid', async () => {
    const route = new RouteCaller();
    await route.post('/login', { userId: 1, userName: 'amy', avoid: ['10.0.0.1:1'] });
    expect(route.operations.calls[0]?.[1]).toMatchObject({ avoid: [] });
  });

  test('refuses a wrong name', async () => {
    const wrong = '{"userName":"lisi","userId":1547028929407}';
    expect(await new RouteCaller().post('/login', wrong)).toEqual([
      200,
      '{"code":"9100","message":"The User information you have used is incorrect!","reqNo":null,"dataBody":null}',
    ]);
  });

  test.each([
    [
      'repeat-login',
      '{"code":"5000","message":"Repeat login, log out an account please!","reqNo":null,"dataBody":null}',
    ],
    [
      'no-server',
      '{"code":"7100","message":"cim server is not available, please try again later!","reqNo":null,"dataBody":null}',
    ],
  ] as const)('%s is a business outcome', async (kind, text) => {
    const route = new RouteCaller();
    route.operations.failure = new CimError(kind);
    expect(await route.post('/login', body)).toEqual([200, text]);
  });
});

test('/offLine', async () => {
  const route = new RouteCaller();
  const body = '{"msg":"offLine","userId":1547028929407}';
  expect(await route.post('/offLine', body)).toEqual([200, done]);
  expect(route.operations.calls).toEqual([['offLine', 1547028929407]]);
});

describe('/groupRoute', () => {
  test('sends to everybody, and ignores a batch', async () => {
    const route = new RouteCaller();
    const body = '{"msg":"hello","userId":1547028929407,"batchMsg":["a"]}';
    expect(await route.post('/groupRoute', body)).toEqual([200, done]);
    expect(route.operations.calls).toEqual([
      ['sendGroup', { from: 1547028929407, group: 'lobby', text: 'hello' }],
    ]);
  });

  test('from an unknown sender is a success that sends nothing', async () => {
    expect(await new RouteCaller().post('/groupRoute', { msg: 'hello', userId: 5 })).toEqual([
      200,
      done,
    ]);
  });
});

describe('/p2pRoute', () => {
  const offline =
    '{"code":"7000","message":"You selected user is offline!, please try again later!","reqNo":null,"dataBody":null}';
  const hello = '{"msg":"hello","receiveUserId":1547028929408,"userId":1547028929407}';

  test('to somebody online', async () => {
    const route = new RouteCaller();
    route.operations.online = route.operations.accounts;
    expect(await route.post('/p2pRoute', hello)).toEqual([200, done]);
    expect(route.operations.calls).toEqual([
      ['sendPrivate', { from: 1547028929407, to: 1547028929408, texts: ['hello'] }],
    ]);
  });

  test('to somebody offline: stored, and told so by a code', async () => {
    expect(await new RouteCaller().post('/p2pRoute', hello)).toEqual([200, offline]);
  });

  test('a batch comes without the key msg', async () => {
    const route = new RouteCaller();
    route.operations.online = route.operations.accounts;
    const body = '{"receiveUserId":1547028929408,"batchMsg":["a","b","c"],"userId":1547028929407}';
    expect(await route.post('/p2pRoute', body)).toEqual([200, done]);
    expect(route.operations.calls[0]?.[1]).toMatchObject({ texts: ['a', 'b', 'c'] });
  });

  test('a batch wins over msg, an empty one does not', async () => {
    const route = new RouteCaller();
    const ids = { userId: 1547028929407, receiveUserId: 1547028929408 };
    await route.post('/p2pRoute', { ...ids, msg: 'm', batchMsg: ['a'] });
    await route.post('/p2pRoute', { ...ids, msg: 'm', batchMsg: [] });
    await route.post('/p2pRoute', { ...ids, msg: 'm', batchMsg: null });
    const texts = route.operations.calls.map(
      ([, message]) => (message as { texts: unknown }).texts,
    );
    expect(texts).toEqual([['a'], ['m'], ['m']]);
  });

  test('from an unknown sender is a success that sends nothing', async () => {
    const body = { msg: 'hello', userId: 5, receiveUserId: 1547028929408 };
    expect(await new RouteCaller().post('/p2pRoute', body)).toEqual([200, done]);
  });

  test('ids may be strings of digits', async () => {
    const route = new RouteCaller();
    const body = '{"msg":"hello","receiveUserId":"1547028929408","userId":"1547028929407"}';
    expect(await route.post('/p2pRoute', body)).toEqual([200, offline]);
    expect(route.operations.calls[0]?.[1]).toMatchObject({
      from: 1547028929407,
      to: 1547028929408,
    });
  });
});

describe('/onlineUser', () => {
  test('lists ids and names', async () => {
    expect(await new RouteCaller().get('/onlineUser')).toEqual([
      200,
      '{"code":"9000","message":"Success","reqNo":null,"dataBody":[{"userId":1547028929407,"userName":"zhangsan"}]}',
    ]);
  });

  test('lists the first ones where there are many, page by page', async () => {
    const route = new RouteCaller();
    route.operations.online = Array.from({ length: limits.onlineUsersMax + 1 }, (_, index) => ({
      userId: index + 1,
      name: 'n',
    }));
    const [, body] = await route.get('/onlineUser');
    expect(JSON.parse(body).dataBody).toHaveLength(limits.onlineUsersMax);
    expect(route.operations.calls.length).toBe(limits.onlineUsersMax / limits.onlinePageMax);
  });

  test('is null when nobody is online', async () => {
    const route = new RouteCaller();
    route.operations.online = [];
    expect(await route.get('/onlineUser')).toEqual([200, done]);
  });
});

test('/fetchOfflineMsgs', async () => {
  const route = new RouteCaller();
  expect(await route.post('/fetchOfflineMsgs', '{"receiveUserId":1547028929408}')).toEqual([
    200,
    done,
  ]);
  expect(route.operations.calls).toEqual([['fetchOffline', 1547028929408]]);
});
