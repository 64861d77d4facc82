// Goal: an operator's call gives the cluster secret to nobody, and what was heard of it is good for
// nothing. Method: calls to ports that know the secret and to strangers, and their words said again,
// changed, too late and elsewhere.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { OperatorGate } from '../../../src/auth/operator-proof.ts';
import { limits } from '../../../src/base/limits.ts';
import { requestJson } from '../../../src/http/client.ts';
import { endpoint } from '../../../src/http/endpoint.ts';
import { requestAsOperator } from '../../../src/http/operator-call.ts';
import { clusterKeyOf, clusterKeysOf } from '../../support/cluster-key.ts';
import { startRecordingProxy } from '../../support/tcp-proxy.ts';
import { onTeardown } from '../../support/teardown.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { testApp } from './test-app.ts';

const secret = 'the secret of the cluster';
const timeoutMs = 5_000;

async function listen(secrets: readonly string[] = [secret], clock = new VirtualClock()) {
  const done: unknown[] = [];
  const harm = endpoint({
    method: 'POST',
    path: '/harm',
    summary: 'Does what only operators may',
    access: { who: 'operators' },
    body: {
      type: 'object',
      required: ['to'],
      properties: { to: { type: 'string', maxLength: 9 } },
    },
    handle: ({ to }) => {
      done.push(to);
      return 'done';
    },
  });
  const look = endpoint({
    method: 'GET',
    path: '/look',
    summary: 'Shows what only operators may see',
    access: { who: 'operators' },
    handle: () => {
      done.push('look');
      return 'seen';
    },
  });
  const { app } = testApp({
    clock,
    endpoints: [harm, look],
    proofs: { clusterKeys: clusterKeysOf(...secrets) },
  });
  const { port } = await app.listen({ host: '127.0.0.1', port: 0 });
  return { app, port, origin: `http://127.0.0.1:${port}`, done, clock };
}

function harmTo(to: string, origin: string, own = secret, request = requestJson) {
  const call = { method: 'POST', body: { to }, timeoutMs } as const;
  return requestAsOperator(request, clusterKeyOf(own), origin, '/harm', call);
}

/** The last header that proved something. */
function recorded() {
  const said: { authorization?: string } = {};
  const request: typeof requestJson = (url, options) => {
    const authorization = options.headers?.['authorization'];
    if (authorization !== undefined) said.authorization = authorization;
    return requestJson(url, options);
  };
  return { said, request };
}

test('what is asked is done, with a body and without', async () => {
  const { origin, done } = await listen();
  expect(await harmTo('amy', origin)).toBe('done');
  const key = clusterKeyOf(secret);
  const look = { method: 'GET', timeoutMs } as const;
  expect(await requestAsOperator(requestJson, key, origin, '/look', look)).toBe('seen');
  expect(done).toEqual(['amy', 'look']);
});

test.each([['old'], ['old', 'new'], ['new', 'old']])(
  'while the secret is being changed: the port accepts %s, %s',
  async (...accepted) => {
    const { origin } = await listen(accepted.filter((each) => each !== undefined));
    expect(await harmTo('amy', origin, 'old')).toBe('done');
  },
);

test('the secret does not cross the network', async () => {
  const { port } = await listen();
  const proxy = await startRecordingProxy(port);
  expect(await harmTo('amy', `http://127.0.0.1:${proxy.port}`)).toBe('done');
  const heard = proxy.heard.toString('latin1');
  expect(heard).toContain('"to":"amy"');
  for (const form of ['utf8', 'hex', 'base64', 'base64url'] as const)
    expect(heard).not.toContain(Buffer.from(secret).toString(form));
});

describe('whoever does not prove to know the secret is told nothing but a nonce', () => {
  async function impostor(answer: (nonce: string) => unknown) {
    const heard: string[] = [];
    const server = createServer(async (request: IncomingMessage, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      heard.push(`${request.method} ${request.url} ${request.headers.authorization} ${body}`);
      const dataBody = answer((JSON.parse(body || '{}') as { nonce: string }).nonce);
      response.end(JSON.stringify({ code: '9000', message: '', reqNo: null, dataBody }));
    }).listen(0, '127.0.0.1');
    onTeardown(() => server.close().closeAllConnections());
    await once(server, 'listening');
    return { heard, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  test.each<[string, (nonce: string) => unknown]>([
    ['nothing', () => null],
    ['no proof', (nonce) => ({ nonce, proofs: [] })],
    ['what it was given', (nonce) => ({ nonce, proofs: [nonce] })],
    ['nonsense', () => ({ nonce: 1, proofs: 'x' })],
    [
      'a proof of another secret',
      (nonce) => new OperatorGate(clusterKeysOf('x'), () => 0).challenge(nonce),
    ],
    [
      'a proof that it was given before',
      () => new OperatorGate(clusterKeysOf(secret), () => 0).challenge('earlier'),
    ],
  ])('it answers %s', async (_what, answer) => {
    const { heard, origin } = await impostor(answer);
    const asked = harmTo('amy', origin);
    await expect(asked).rejects.toMatchObject({ kind: 'not-allowed' });
    await expect(asked).rejects.toThrow(`${origin} did not prove`);
    expect(heard).toEqual([
      expect.stringMatching(/^POST \/challenge undefined \{"nonce":"[\w-]{43}"\}$/),
    ]);
  });
});

describe('what was heard of a call is good for nothing', () => {
  async function heardCall() {
    const port = await listen();
    const { said, request } = recorded();
    await harmTo('amy', port.origin, secret, request);
    const say = (changes: {
      method?: 'GET' | 'POST';
      url?: string;
      payload?: string;
      authorization?: string;
      to?: typeof port;
    }) => {
      const {
        method = 'POST',
        url = '/harm',
        payload = '{"to":"amy"}',
        authorization = said.authorization ?? '',
        to = port,
      } = changes;
      const headers = {
        authorization,
        ...(method === 'POST' && { 'content-type': 'application/json' }),
      };
      return to.app.inject({ method, url, headers, ...(method === 'POST' && { payload }) });
    };
    /** A proof that nobody has used yet. */
    const fresh = async () => {
      const held: typeof requestJson = async (url, options) => {
        if (options.headers?.['authorization'] === undefined) return requestJson(url, options);
        said.authorization = options.headers['authorization'];
        return undefined;
      };
      await harmTo('amy', port.origin, secret, held);
    };
    return { port, said, say, fresh };
  }

  test('said again', async () => {
    const { port, say } = await heardCall();
    expect((await say({})).statusCode).toBe(401);
    expect(port.done).toEqual(['amy']);
  });

  test.each([
    ['with another body', { payload: '{"to":"bob"}' }],
    ['with a space more', { payload: '{"to":"amy" }' }],
    ['without its body', { payload: '' }],
    ['as another call', { method: 'GET', url: '/look' } as const],
    ['with a query', { url: '/harm?to=bob' }],
  ])('%s', async (_what, changes) => {
    const { port, say, fresh } = await heardCall();
    await fresh();
    expect((await say(changes)).statusCode).toBe(401);
    expect(port.done).toEqual(['amy']);
  });

  test('of which a letter was changed, anywhere', async () => {
    const { port, said, say, fresh } = await heardCall();
    await fresh();
    const text = said.authorization ?? '';
    for (let at = 'Cim-Proof '.length; at < text.length; at++) {
      const changed = text[at] === 'A' ? 'B' : 'A';
      const authorization = text.slice(0, at) + changed + text.slice(at + 1);
      expect([at, (await say({ authorization })).statusCode]).toEqual([at, 401]);
    }
    expect(port.done).toEqual(['amy']);
    expect((await say({})).statusCode).toBe(200);
  });

  test('at another port, and later', async () => {
    const { port, say, fresh } = await heardCall();
    await fresh();
    expect((await say({ to: await listen() })).statusCode).toBe(401);
    await port.clock.advance(limits.operatorNonceMsMax + 1);
    expect((await say({})).statusCode).toBe(401);
    expect(port.done).toEqual(['amy']);
  });
});

test('where two listen on one port, a nonce of the other one is only in the way', async () => {
  const [one, two] = [await listen(), await listen()];
  let calls = 0;
  // As the operating system spreads connections.
  const spread: typeof requestJson = (url, options) => {
    calls += 1;
    return requestJson(url.replace(one.origin, calls === 2 ? two.origin : one.origin), options);
  };
  expect(await harmTo('amy', one.origin, secret, spread)).toBe('done');
  expect([one.done, two.done]).toEqual([['amy'], []]);
});

test('only calls that were let in are remembered, so many and so long', () => {
  let now = 1_000;
  const key = clusterKeyOf(secret);
  const gate = new OperatorGate(
    () => [key],
    () => now,
  );
  const call = () => {
    const { nonce } = gate.challenge('x');
    const words = ['cim operator', 'call', nonce, 'GET', '/', 'A'.repeat(43)];
    return `Cim-Proof ${nonce} ${'A'.repeat(43)} ${key.prove(words)}`;
  };
  for (let count = 0; count < limits.operatorCallsRememberedMax; count++)
    gate.admit(call(), 'GET', '/');
  expect(() => gate.admit(call(), 'GET', '/')).toThrow(expect.objectContaining({ kind: 'busy' }));
  now += limits.operatorNonceMsMax + 1;
  expect(gate.admit(call(), 'GET', '/')).toBe('A'.repeat(43));
});
