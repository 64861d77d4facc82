import { describe, expect, test } from '@jest/globals';
import { Counters } from '../../../src/base/process/counters.ts';
import { Health } from '../../../src/base/process/health.ts';
import { buildServerApp } from '../../../src/server/app.ts';
import {
  type DirectMessage,
  sendMessageEndpoint,
} from '../../../src/server/protocols/java/java-peers.ts';
import { clusterKeysOf } from '../../support/cluster-key.ts';
import { figuresOf } from '../../support/figures.ts';
import { onTeardown } from '../../support/teardown.ts';
import { recordingLog } from '../http/recording-log.ts';

const properties = {
  sendUserId: '1547028929407',
  sendUserName: 'cj',
  receiveUserId: '1547028929408',
};

function testServer() {
  const sent: DirectMessage[] = [];
  const counters = new Counters();
  const { log } = recordingLog();
  const health = new Health({ counters, log });
  const app = buildServerApp([sendMessageEndpoint((message) => sent.push(message))], {
    clusterKeys: clusterKeysOf('cluster'),
    figures: figuresOf(counters),
    health,
    log,
    version: '9.9.9',
  });
  onTeardown(() => app.close());
  const sendMsg = async (body: unknown, authorization = 'Bearer cluster') => {
    const headers = { 'content-type': 'application/json; charset=utf-8', authorization };
    const answer = await app.inject({
      method: 'POST',
      url: '/sendMsg',
      headers,
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return [answer.statusCode, answer.body];
  };
  return { app, counters, health, sent, sendMsg };
}

describe('/sendMsg', () => {
  const ok = '{"code":"9000","message":"Success","reqNo":null,"dataBody":{"msg":"OK"}}';

  test.each([
    '{"msg":"hello","cmd":"MESSAGE","userId":1547028929408,"properties":{"sendUserId":"1547028929407","sendUserName":"cj","receiveUserId":"1547028929408"}}',
    '{"batchMsg":["a","b","c"],"cmd":"MESSAGE","userId":1547028929408,"properties":{}}',
    '{"batchMsg":["offline message"],"cmd":"OFFLINE","userId":1547028929408,"properties":{}}',
  ])('%s', async (body) => {
    const { sent, sendMsg } = testServer();
    expect(await sendMsg(body)).toEqual([200, ok]);
    expect(sent).toEqual([JSON.parse(body)]);
  });

  test.each([
    [{ userId: null }, 'userId: must be given'],
    [{ cmd: undefined }, 'cmd: must be given'],
    [{ cmd: 'LOGIN_REQUEST' }, 'cmd: must be one of MESSAGE, OFFLINE'],
    [{ properties: null }, 'properties: must be given'],
    [{ properties: { sendUserId: 1 } }, 'a value of properties: must be a string'],
    [{ msg: null }, 'msg: must be given, or batchMsg'],
    [{ msg: null, batchMsg: [] }, 'msg: must be given, or batchMsg'],
  ])('without what it needs: %j', async (change, message) => {
    const { sent, sendMsg } = testServer();
    const body = { userId: 1547028929408, cmd: 'MESSAGE', msg: 'hello', properties, ...change };
    const refused = { code: '3000', message, reqNo: null, dataBody: null };
    expect(await sendMsg(body)).toEqual([400, JSON.stringify(refused)]);
    expect(sent).toEqual([]);
  });

  test('is not for those without the cluster secret', async () => {
    const { sent, sendMsg } = testServer();
    const body = { userId: 1547028929408, cmd: 'MESSAGE', msg: 'hello', properties };
    expect((await sendMsg(body, 'Bearer other'))[0]).toBe(401);
    expect(sent).toEqual([]);
  });
});

test('/counters tells operators what was counted', async () => {
  const { app, counters } = testServer();
  counters.add('tea.cups', 'cups of tea').value += 3;
  expect((await app.inject('/counters')).statusCode).toBe(401);
  const headers = { authorization: 'Bearer cluster' };
  expect((await app.inject({ url: '/counters', headers })).json()).toMatchObject({
    code: '9000',
    dataBody: [{ name: 'tea.cups', value: 3, description: 'cups of tea' }],
  });
});

test('health and documentation', async () => {
  const { app, health } = testServer();
  health.add('route-connection').set('');
  expect((await app.inject('/healthz')).statusCode).toBe(200);
  expect((await app.inject('/readyz')).json()).toMatchObject({
    code: '9400',
    message: 'no route can be reached',
  });
  const { info, paths } = (await app.inject('/openapi.json')).json();
  expect(info.title).toBe('cim server');
  expect(paths['/sendMsg'].post.security).toEqual([{ clusterSecret: [] }]);
});
